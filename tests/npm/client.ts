// A client as a TypeScript developer writes one: every type comes from the document, none is our own. It calls each operation of a demo and
// looks at what comes back. A line below @ts-expect-error must not compile: were the types too loose, the compiler would say so there.
import createClient from "openapi-fetch";
import { calls } from "./out/calls.js";
import type { components, paths } from "./out/schema.js";

declare const process: { argv: string[] };

type Problem = components["schemas"]["Problem"];

const baseUrl = process.argv[2] ?? "";

const api = createClient<paths>({ baseUrl });

function expect(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

/** A fresh key, as each new operation needs one. */
const fresh = () => ({ header: { "Idempotency-Key": crypto.randomUUID() } });

/** What every answer of openapi-fetch to an operation has in common here: each has one type of success, and all have an operation id. */
interface Answer {
  data?: { operationId: string };
  error?: Problem;
  response: Response;
}

/** Judges a success, and returns its operation id. */
function done(name: string, status: number, { data, error, response }: Answer): string {
  expect(data !== undefined, `${name}: ${error?.code} ${error?.detail}`);
  expect(response.status === status, `${name}: status ${response.status}`);
  expect(data.operationId === response.headers.get("Operation-Id"), `${name}: two operation ids`);
  console.log(`${name}: ${response.status} ${JSON.stringify(data)}`);
  return data.operationId;
}

/** Calls each operation with its examples, which calls.mjs wrote down. */
async function everyOperation(): Promise<void> {
  for (const { name, status, send } of calls(api, fresh)) done(name, status, await send());
}

async function replay(): Promise<void> {
  const call = { params: fresh(), body: { customerCallLog: { logText: "Asked twice" } } };
  const first = await api.POST("/v1/customercare/call-logs", call);
  const second = await api.POST("/v1/customercare/call-logs", call);
  const id = done("the first", 201, first);
  expect(done("the replay", 201, second) === id, "the replay has another id");
  expect(first.response.headers.get("Idempotent-Replayed") === null, "the first answer is called a replay");
  expect(second.response.headers.get("Idempotent-Replayed") === "true", "the second answer is not a replay");

  const { data, error } = await api.GET("/v1/operations/{operationId}", { params: { path: { operationId: id } } });
  expect(error === undefined && data?.state === "done" && data.result?.status === 201, `the record is ${JSON.stringify(data ?? error)}`);
}

async function preview(): Promise<void> {
  const { data, error } = await api.POST("/v1/customercare/call-logs/preview", {
    params: { query: { soap: "1.2" } }, body: { customerCallLog: { logText: "Only looked at" } },
  });
  expect(data !== undefined, `no preview: ${error?.code}`);
  expect(data.envelope.includes("<LogText>Only looked at</LogText>"), data.envelope);
  expect(data.fields.some((f) => f.pointer === "/customerCallLog/logText"), "no row for the text");

  const body = { serviceData: { customerLevel: "ACCOUNT", customerLevelReference: "7", effectiveDate: "2026-12-01", serviceCode: "LINECH" } } as const;
  const raw = await api.POST("/v1/mds/services/preview", { headers: { Accept: "text/xml" }, parseAs: "text", body });
  const envelope: string | undefined = raw.data;
  expect(envelope?.startsWith("<?xml") ?? false, `no envelope: ${JSON.stringify(raw.data)}`);
  // @ts-expect-error MDS speaks SOAP 1.1 only, and the document says so.
  const other = await api.POST("/v1/mds/services/preview", { params: { query: { soap: "1.2" } }, body });
  expect(other.error?.code === "bad-parameter", `a preview in a version that MDS does not speak: ${other.error?.code}`);
}

/** A problem says to a form which field is wrong, and a program what to do. */
async function problems(): Promise<void> {
  const { error, response } = await api.POST("/v1/customercare/pin-changes", {
    params: fresh(),
    // @ts-expect-error A word that is not in the list, and a member that is misspelt.
    body: { operationType: "RENAME", accountnumber: "0123456789" },
  });
  expect(response.status === 422 && error !== undefined, `status ${response.status}`);
  expect(error.code === "validation-failed" && error.outcome === "not_sent" && error.retry === "after_fix", JSON.stringify(error));
  const wrong = new Map(error.errors?.map((e) => [e.pointer, e.code]));
  expect(wrong.get("/operationType") === "not-in-list" && wrong.get("/accountnumber") === "unknown-member", JSON.stringify(error.errors));
  console.log(`a problem: ${response.status} ${error.code} ${[...wrong].join(" ")}`);

  const unknown = await api.POST("/v1/customercare/call-logs", { params: fresh(), body: { customerCallLog: { logText: "sandbox:reset-after" } } });
  expect(unknown.error?.code === "outcome-unknown" && unknown.error.retry === "never", JSON.stringify(unknown.error));
}

await everyOperation();
await replay();
await preview();
await problems();

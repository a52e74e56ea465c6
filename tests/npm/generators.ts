// One typed call with the client that each generator makes of a document of the demo. Every type is the generator's, and there are no casts. What a
// generator leaves out shows, because the operations of each client are counted against the document.
import * as heyCalls from "./out/hey/sdk.gen.js";
import * as heySchemas from "./out/hey/zod.gen.js";
import * as orvalCalls from "./out/orval/client.js";
import * as orvalSchemas from "./out/orval/zod.js";
import { Api } from "./out/sta/api.js";
import { createApiClient } from "./out/zodios.js";

declare const process: { argv: string[] };

const baseUrl = process.argv[2] ?? "";

function expect(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

/** The request of every call; each client checks it against its own type. */
const body = { customerCallLog: { logText: "Asked about the bill", account: { accountNumber: "0123456789" } } };

const fresh = () => ({ "Idempotency-Key": crypto.randomUUID() });

/** Judges a success: its status, and the operation id of its body by that of its header. */
function done(generator: string, status: number, operationId: string, header: unknown): void {
  expect(status === 201, `${generator}: status ${status}`);
  expect(operationId === header && operationId.length === 36, `${generator}: ${operationId} is not the header's ${header}`);
  console.log(`${generator}: ${status} ${operationId}`);
}

interface Description {
  operationId: string;
  requestBody?: object;
}

const document: { paths: Record<string, Record<string, Description>> } = await (await fetch(`${baseUrl}/openapi.json`)).json();
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
expect(operations.length > 0, "the document has no operations");

/** Fails where a client lacks one of the operations, and where it has more than one by that name. */
function complete(generator: string, names: string[], of = operations): void {
  const known = names.map((name) => name.toLowerCase());
  const lacking = of.map((o) => o.operationId).filter((id) => known.filter((name) => name === id.toLowerCase()).length !== 1);
  expect(lacking.length === 0, `${generator} lacks ${lacking.join(", ")}`);
  console.log(`${generator}: ${of.length} operations`);
}

/** The operations that send a body have a schema for it. */
const sending = operations.filter((o) => o.requestBody !== undefined && o.operationId !== "DecodeReply"); // whose body is XML
const schemasOf = (module: object, prefix: string) =>
  Object.keys(module).filter((name) => name.startsWith(prefix) && name.endsWith("Body")).map((name) => name.slice(prefix.length, -"Body".length));

async function orval(): Promise<void> {
  complete("orval, fetch", Object.keys(orvalCalls));
  complete("orval, zod", schemasOf(orvalSchemas, ""), sending);
  const answer = await orvalCalls.createCallLog(orvalSchemas.createCallLogBody.parse(body), fresh());
  expect(answer.status === 201, `orval: status ${answer.status}`);
  done("orval, fetch and zod", answer.status, answer.data.operationId, answer.headers.get("Operation-Id"));

  const refused = await orvalCalls.createCallLog({ customerCallLog: { logText: "" } }, fresh());
  expect(refused.status === 422 && refused.data.errors?.[0]?.code === "required", `orval: a problem is ${JSON.stringify(refused.data)}`);
}

async function hey(): Promise<void> {
  complete("hey-api, types", Object.keys(heyCalls));
  complete("hey-api, zod", schemasOf(heySchemas, "z"), sending);
  const { data, response } = await heyCalls.createCallLog({ baseUrl, body: heySchemas.zCreateCallLogBody.parse(body), headers: fresh() });
  expect(data !== undefined && response !== undefined, "hey-api: no result");
  done("hey-api, types and zod", response.status, heySchemas.zCreateCallLogResponse.parse(data).operationId, response.headers.get("Operation-Id"));

  // What a later release may answer is no mistake: codes are open.
  const { error } = await heyCalls.createCallLog({ baseUrl, body: { customerCallLog: { logText: "" } }, headers: fresh() });
  expect(heySchemas.zProblem.parse({ ...error, code: "of-a-later-release" }).errors?.[0]?.code === "required", `hey-api: a problem is ${JSON.stringify(error)}`);
}

async function swaggerTypescriptApi(): Promise<void> {
  const api = new Api({ baseUrl });
  complete("swagger-typescript-api", Object.values({ v1: api.v1, livez: api.livez, readyz: api.readyz }).flatMap((group) => Object.keys(group)));
  const answer = await api.v1.createCallLog(body, { headers: fresh() });
  done("swagger-typescript-api", answer.status, answer.data.operationId, answer.headers.get("Operation-Id"));
}

async function openapiZodClient(): Promise<void> {
  const api = createApiClient(baseUrl);
  let status = 0;
  let header: unknown;
  api.axios.interceptors.response.use((response) => {
    status = response.status;
    header = response.headers["operation-id"];
    return response;
  });
  complete("openapi-zod-client", api.api.map((endpoint) => endpoint.alias));
  const { operationId } = await api.CreateCallLog(body, { headers: fresh() });
  done("openapi-zod-client", status, operationId, header);
}

await orval();
await hey();
await swaggerTypescriptApi();
await openapiZodClient();

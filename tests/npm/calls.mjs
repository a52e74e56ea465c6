// Writes the calls of client.ts: the examples of every operation of an OpenAPI document, as TypeScript that must fit the types which
// openapi-typescript makes of it. An operation is a path with a preview.
import { readFileSync, writeFileSync } from "node:fs";

const [document, output] = process.argv.slice(2);
const { paths, components } = JSON.parse(readFileSync(document, "utf8"));

const calls = Object.keys(paths).filter((path) => `${path}/preview` in paths).flatMap((path) => {
  const { operationId, responses } = paths[path].post;
  const status = Object.keys(responses).find((code) => code.startsWith("2"));
  return ["minimal", "full"].map((kind) => {
    const body = JSON.stringify(components.examples[`${operationId}-${kind}`].value);
    return `  { name: "${operationId}, ${kind}", status: ${status}, send: () => api.POST("${path}", { params: fresh(), body: ${body} }) },\n`;
  });
});
if (calls.length === 0) throw new Error("the document has no operations");

writeFileSync(output, `import type { Client } from "openapi-fetch";
import type { paths } from "./schema.js";

export const calls = (api: Client<paths>, fresh: () => { header: { "Idempotency-Key": string } }) => [
${calls.join("")}];
`);

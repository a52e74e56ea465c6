// orval takes OpenAPI 3.0.3: of a schema with conditions its zod keeps nothing.
const input = "out/served-3.0.json";

module.exports = {
  fetch: { input, output: { target: "out/orval/client.ts", client: "fetch", baseUrl: process.env.DEMO, headers: true } },
  zod: { input, output: { target: "out/orval/zod.ts", client: "zod" } },
};

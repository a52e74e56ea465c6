// hey-api takes OpenAPI 3.1. The extension is what Node needs.
export default {
  input: "./out/served.json",
  output: { path: "./out/hey", module: { extension: ".js" } },
  plugins: ["@hey-api/typescript", "@hey-api/sdk", "@hey-api/client-fetch", { name: "zod", compatibilityVersion: 3 }],
};

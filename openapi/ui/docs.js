// Starts Swagger UI. The bundle is a plain script before this one and leaves SwaggerUIBundle behind.
import { boundedSchemas } from "./bounded.js";
import { hiddenCredentials } from "./credentials.js";
import { idempotencyKey } from "./key.js";
import { envelopePreview } from "./preview.js";

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout", // without the bar that explores any other URL
  plugins: [boundedSchemas, idempotencyKey, envelopePreview, hiddenCredentials],
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0, // the schemas are many; their list opens with a click
  tryItOutEnabled: true,
  displayRequestDuration: true,
  showCommonExtensions: true, // the lengths and patterns of parameters
  filter: false, // the operations are few enough to see them all
  validatorUrl: null, // nothing is asked of another host
  persistAuthorization: false, // an API key must not stay in the browser's storage
});

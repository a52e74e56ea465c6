// Starts Swagger UI, which is large: after the page has loaded with the list that the server has written, whose place it takes.
import { accessible, watch } from "./access.js";
import { linkedAnswers } from "./answer.js";
import { bounded } from "./bounded.js";
import { hiddenCredentials } from "./credentials.js";
import { simplified } from "./document.js";
import { foldedParts } from "./fold.js";
import { idempotencyKey } from "./key.js";
import { pageLayout } from "./layout.js";
import { envelopePreview } from "./preview.js";

const list = document.getElementById("operations");
const root = document.getElementById("swagger-ui");
const lines = ".opblock-summary-control";

// A script that is asked for earlier is a part of what the browser waits for.
const complete = () => new Promise((done) => (document.readyState === "complete" ? done() : addEventListener("load", () => setTimeout(done))));

const loaded = (name) =>
  new Promise((done, failed) => {
    document.head.append(Object.assign(document.createElement("script"), { src: new URL(name, import.meta.url), onload: done, onerror: failed }));
  });

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) {
    throw new Error(`${path} is answered with ${response.status}`);
  }
  return response.json();
}

// replaced waits until Swagger UI has rendered the operations out of sight, and opened the named one; then it shows them in the place of the list.
// The focus stays on its line.
const replaced = (named) =>
  new Promise((done) => {
    const observer = new MutationObserver(() => {
      if (!root.querySelector(named ? ".is-open .execute" : lines)) {
        return;
      }
      observer.disconnect();
      const focused = [...list.querySelectorAll(lines)].indexOf(document.activeElement);
      list.remove();
      root.hidden = false;
      root.querySelectorAll(lines)[focused]?.focus({ preventScroll: true });
      watch(root);
      done();
    });
    observer.observe(root, { childList: true, subtree: true });
  });

async function start() {
  const pages = new Map([...list.querySelectorAll("a[data-operation]")].map((a) => [a.dataset.operation, a.getAttribute("href")]));
  // An address that names an operation scrolls to its line now, and the operation is opened there.
  const named = [...list.querySelectorAll(lines)].find((a) => a.dataset.link === decodeURIComponent(location.hash));
  named?.scrollIntoView();
  await complete();
  const [spec] = await Promise.all([fetched("/openapi.json"), loaded("swagger-ui-bundle.js")]);
  const shown = replaced(named);
  window.SwaggerUIBundle({
    spec: bounded(simplified(spec)),
    domNode: root,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "DocsLayout",
    plugins: [pageLayout(pages, shown), accessible, foldedParts, linkedAnswers, idempotencyKey, envelopePreview, hiddenCredentials],
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0, // the schemas are many; their list opens with a click
    tryItOutEnabled: true,
    displayRequestDuration: true,
    showCommonExtensions: true, // the lengths and patterns of parameters
    filter: true,
    validatorUrl: null, // nothing is asked of another host
    persistAuthorization: false, // an API key must not stay in the browser's storage
  });
}

start().catch((error) => {
  const textContent = `Swagger UI could not be loaded: ${error.message ?? "its script is missing"}.`;
  list.prepend(Object.assign(document.createElement("p"), { role: "alert", className: "banner", textContent }));
});

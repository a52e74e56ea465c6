// Adds, beside Execute, a button for each version of SOAP that an operation can be previewed in. It asks the proxy for the envelope that the
// present body would become, and shows it below. Nothing is sent, and the parameters of the operation stay as they are: Execute still executes.

import { previewSuffix, versionParameter } from "./document.js";

// versionsOf lists the versions of SOAP that an operation can be previewed in: "1.1".
function versionsOf({ specSelectors }, { path, method }) {
  return specSelectors.specJson().getIn(["paths", path, method, "x-previews"])?.toArray() ?? [];
}

// indented puts every element on a line of its own, but for those that hold text: their text stays as it is, spaces and all.
function indented(xml) {
  let depth = 0;
  const lines = xml.split(/(?<=\?>)\n|(?<=>)(?=<)/).map((piece) => {
    if (piece.startsWith("</")) {
      depth = Math.max(0, depth - 1);
    }
    const line = "  ".repeat(depth) + piece;
    if (/^<[^?/]/.test(piece) && !piece.endsWith("/>") && !piece.includes("</")) {
      depth++;
    }
    return line;
  });
  return lines.join("\n");
}

// subjectOf is what a preview is about: the body, the parameters, and the request that Execute sent last. Execute makes another request, even of
// the same content, and Clear forgets it.
function subjectOf({ specSelectors, oas3Selectors }, { path, method }) {
  return [
    oas3Selectors.requestBodyValue(path, method),
    JSON.stringify(specSelectors.parameterValues([path, method])),
    specSelectors.requestFor(path, method),
  ];
}

// sendable checks what fetch would refuse in the words of the browser.
function sendable(headers) {
  try {
    return new Headers(headers);
  } catch {
    throw new Error("the parameters or the API key hold a character that an HTTP header cannot carry");
  }
}

// ask previews what Execute would send, with the same headers and the same authorization. The Idempotency-Key among them makes the envelope show
// the operation id of that call.
async function ask(system, { path, method, operation }, version) {
  const { fn, specSelectors, oas3Selectors, authSelectors } = system;
  const request = fn.buildRequest({
    spec: specSelectors.specJsonWithResolvedSubtrees().toJS(),
    operationId: operation.get("operationId"),
    contextUrl: new URL(specSelectors.url(), location.href).toString(),
    server: oas3Selectors.selectedServer(),
    parameters: specSelectors.parameterValues([path, method]).toJS(),
    requestContentType: oas3Selectors.requestContentType(path, method),
    requestBody: oas3Selectors.requestBodyValue(path, method),
    securities: {
      authorized: authSelectors.authorized()?.toJS(),
      definitions: specSelectors.securityDefinitions()?.toJS(),
      specSecurity: specSelectors.security()?.toJS(),
    },
  });
  const url = new URL(request.url, location.href);
  url.pathname += previewSuffix;
  url.searchParams.set(versionParameter, version);
  const headers = sendable({ ...request.headers, accept: "application/json" });
  const response = await fetch(url, { method: request.method, headers, body: request.body });
  const answer = await response.json();
  if (response.ok && answer.envelope === undefined) {
    throw new Error("the answer is not a preview");
  }
  return { version, status: response.status, answer };
}

// envelopePreview is a plugin of Swagger UI. It wraps the Execute button.
export function envelopePreview({ React }) {
  const element = React.createElement;

  // Texts of the answer become text nodes, never markup: React escapes them.
  function Envelope({ shown, getComponent }) {
    const { method, url, headers, envelope, namespaces, fields } = shown.answer;
    const head = [`${method} ${url ?? "(no URL is configured)"}`, ...headers.map((h) => `${h.name}: ${h.value}`)].join("\n");
    return element(
      React.Fragment,
      null,
      element("p", null, "This would be sent, with every secret masked and indented for reading. The preview has sent nothing."),
      element("pre", { className: "sb-head" }, head),
      element(getComponent("HighlightCode", true), { language: "xml", canCopy: true, className: "sb-envelope" }, indented(envelope)),
      element("details", null, element("summary", null, "Where each value is: JSON Pointer and XPath"), element(Fields, { fields, namespaces })),
    );
  }

  function Fields({ fields, namespaces }) {
    const row = (field) =>
      element(
        "tr",
        { key: field.xpath },
        element("td", null, element("code", null, field.pointer), field.filledIn ? " (filled in by the proxy)" : null),
        element("td", null, element("code", null, field.xpath)),
      );
    const prefixes = Object.entries(namespaces).map(([prefix, name]) => element("li", { key: prefix }, element("code", null, `${prefix} = ${name}`)));
    return element(
      React.Fragment,
      null,
      element("ul", null, prefixes),
      element(
        "table",
        { className: "sb-fields" },
        element("thead", null, element("tr", null, element("th", { scope: "col" }, "JSON Pointer"), element("th", { scope: "col" }, "XPath"))),
        element("tbody", null, fields.map(row)),
      ),
    );
  }

  function Refusal({ shown }) {
    const { title: summary, detail, errors = [] } = shown.answer;
    const place = (error) => error.pointer ?? error.parameter ?? error.header;
    return element(
      React.Fragment,
      null,
      element("p", { className: "sb-refusal" }, `${shown.status}: ${summary}. ${detail}`),
      element(
        "ul",
        null,
        errors.map((error, index) => element("li", { key: index }, element("code", null, place(error)), ` ${error.code}: ${error.detail}`)),
      ),
    );
  }

  function Panel({ shown, getComponent, close }) {
    let content = "Asking …";
    if (shown.failure) {
      content = element("p", { className: "sb-refusal" }, shown.failure);
    } else if (shown.answer) {
      content = element(shown.status === 200 ? Envelope : Refusal, { shown, getComponent });
    }
    return element(
      "section",
      { className: "sb-preview", "aria-live": "polite", "aria-label": "Preview of the envelope" },
      element(
        "header",
        null,
        element("h4", null, `Preview SOAP ${shown.version}`),
        element("button", { type: "button", className: "btn sb-small", onClick: close }, "Close preview"),
      ),
      content,
    );
  }

  const previewed = (Execute, system) =>
    function Previewed(props) {
      const [shown, show] = React.useState(null);
      const subject = React.useRef(null); // of what the panel shows, a new one with each click: of two answers, the later click's stays
      const opener = React.useRef(null);
      const click = (version, button) => {
        opener.current = button;
        const turn = subjectOf(system, props);
        subject.current = turn;
        show({ version });
        ask(system, props, version)
          .catch((error) => ({ version, failure: `The preview failed: ${error.message}` }))
          .then((answer) => turn === subject.current && show(answer));
      };
      const close = () => {
        subject.current = null;
        show(null);
      };
      const leave = () => {
        close();
        opener.current.focus(); // the button that was pressed goes away
      };
      // The panel does not outlive what it is about: it would contradict the body above it, or the answer below it.
      React.useEffect(
        () =>
          system.getStore().subscribe(() => {
            const before = subject.current;
            if (before && subjectOf(system, props).some((part, index) => part !== before[index])) {
              close();
            }
          }),
        [props.path, props.method],
      );
      const button = (version) =>
        element("button", { key: version, type: "button", className: "btn sb-preview-button", onClick: ({ currentTarget }) => click(version, currentTarget) }, `Preview SOAP ${version}`);
      return element(
        React.Fragment,
        null,
        element(Execute, props),
        versionsOf(system, props).map(button),
        shown && element(Panel, { shown, getComponent: system.getComponent, close: leave }),
      );
    };

  return { wrapComponents: { execute: previewed } };
}

// Shows each operation's Idempotency-Key beside Execute, filled with a fresh UUID: the user can see it, change it, and make a new one. It stays
// after Execute, so that Execute again shows the replay of the first result; a body that has changed since then needs another key.

const header = "Idempotency-Key";

// newKey returns a random UUID (RFC 9562, version 4).
function newKey() {
  if (crypto.randomUUID) {
    return crypto.randomUUID();
  }
  // Browsers offer randomUUID in secure contexts only; an intranet host over plain HTTP is not one.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // the version
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // the variant
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// meant is what a body says: its white space does not count.
const meant = (body) => JSON.stringify(parsed(body)) ?? body;

// isBound reports whether an answer is the one that its key stands for from now on. What was not sent, and what is asked to come again later, leaves
// the key free.
function isBound(answer) {
  const { outcome, retry } = parsed(answer.get("text")) ?? {};
  return answer.get("status") < 300 || (outcome !== undefined && outcome !== "not_sent" && retry !== "later");
}

// idempotencyKey is a plugin of Swagger UI. It wraps the Execute button.
export function idempotencyKey({ React }) {
  const element = React.createElement;
  const bound = new Map(); // a key, and the body that was answered with it

  // warningOf says why the key would be refused, as far as this page knows.
  function warningOf({ specSelectors, oas3Selectors }, { path, method }, key, errors) {
    const answer = specSelectors.responseFor(path, method);
    const request = answer && specSelectors.requestFor(path, method);
    const sent = request?.getIn(["headers", header]);
    if (sent && isBound(answer) && !bound.has(sent)) {
      bound.set(sent, meant(request.get("body")));
    }
    if (bound.has(key) && bound.get(key) !== meant(oas3Selectors.requestBodyValue(path, method))) {
      return "The body has changed since this key was answered: the same key would be refused. Press New key for a new operation.";
    }
    if (answer && sent === key && parsed(answer.get("text"))?.code === "key-reused") {
      return "This key belongs to another request, which was sent before. Press New key for a new operation.";
    }
    return errors?.size ? `${errors.join(". ")}.` : "";
  }

  const keyed = (Execute, system) => {
    function Keyed(props) {
      const { path, method, parameter } = props;
      const { specSelectors, specActions } = system;
      const held = specSelectors.parameterWithMetaByIdentity([path, method], parameter);
      const value = held.get("value");
      const choose = (key) => specActions.changeParamByIdentity([path, method], parameter, key, false);
      React.useEffect(() => {
        // Only an input that nobody has touched: an empty one is about to be typed into.
        if (value === undefined) {
          choose(newKey());
        }
      });
      const warning = warningOf(system, props, value, held.get("errors"));
      const id = React.useId();
      return element(
        React.Fragment,
        null,
        element(
          "div",
          { className: "sb-key" },
          element("label", { htmlFor: id }, header),
          element("input", {
            id, type: "text", value: value ?? "", disabled: props.disabled, spellCheck: false, autoComplete: "off",
            "aria-describedby": `${id}-about ${id}-warning`, onChange: (event) => choose(event.target.value),
          }),
          element(
            "button",
            { type: "button", className: `btn sb-small${warning ? " sb-wanted" : ""}`, disabled: props.disabled, onClick: () => choose(newKey()) },
            "New key",
          ),
          element("p", { id: `${id}-warning`, role: "status", className: "sb-warning" }, warning),
          element("p", { id: `${id}-about`, className: "sb-about" }, parameter.get("description")),
        ),
        element(Execute, props),
      );
    }
    return (props) => {
      const parameter = props.operation.get("parameters")?.find((p) => p.get("name") === header && p.get("in") === "header");
      return parameter ? element(Keyed, { ...props, parameter }) : element(Execute, props);
    };
  };

  return { wrapComponents: { execute: keyed } };
}

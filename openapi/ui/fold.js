// Keeps an opened operation short: what most readers skip is folded, and what says nothing is not there.
const keyHeader = "Idempotency-Key"; // it has its place beside Execute, by key.js
const longest = 60; // characters of a pattern that is shown as a whole

// These keywords of a schema say what members need of each other, in a form that nobody reads. Descriptions have it in words.
const conditions = ["If", "Then", "Else", "Not", "AdditionalProperties"];

const isCondition = (schema) => typeof schema === "object" && ["if", "not", "anyOf"].some((keyword) => keyword in schema) && !("type" in schema);

// foldedParts is a plugin of Swagger UI.
export function foldedParts({ React }) {
  const element = React.createElement;
  const details = (className, summary, ...content) => element("details", { className }, element("summary", null, summary), ...content);

  const code = (text) => element("code", null, text);

  // Each group of problems is a status with the codes that it comes with.
  function Problems({ response }) {
    const problems = response.get("x-problems").toJS();
    const link = (name) => element("a", { key: name, href: `/problems/${encodeURIComponent(name)}` }, name);
    const row = ([status, codes]) => {
      const links = codes.flatMap((name, i) => (i ? [", ", link(name)] : [link(name)]));
      return element("li", { key: status }, code(status), " ", ...links);
    };
    return element(
      "tr",
      { className: "response", "data-code": "default" },
      element("td", { className: "response-col_status" }, "Any problem"),
      element(
        "td",
        { className: "response-col_description" },
        element("p", null, "An ", code("application/problem+json"), " with ", code("code"), ", ", code("outcome"), " and ", code("retry"), "."),
        problems.length > 0 && details("sb-problems", "Every status and code, and what to do", element("ul", null, problems.map(row))),
      ),
    );
  }

  const response = (Original) => (props) => element(props.response.get("x-problems") ? Problems : Original, props);

  const headers = (Original) => (props) =>
    (props.headers?.size ? details("sb-headers", `${props.headers.size} response headers`, element(Original, props)) : null);

  const parameterRow = (Original) => (props) => {
    const [name, place] = [props.rawParam.get("name"), props.rawParam.get("in")];
    if (place !== "header" || props.rawParam.get("required") && name !== keyHeader) {
      return element(Original, props);
    }
    if (name === keyHeader) {
      return null;
    }
    const table = element("table", { className: "parameters" }, element("tbody", null, element(Original, props)));
    const folded = details("sb-optional", `${name} (optional header)`, table);
    return element("tr", null, element("td", { colSpan: 2 }, folded));
  };

  // A choice of one is not a choice. Swagger UI waits for it to be made, and so it is still rendered.
  const onlyOne = (size, label) => (Original) => (props) => {
    const original = element(Original, props);
    return size(props) === 1 ? element(React.Fragment, null, element("div", { hidden: true }, original), label(props)) : original;
  };

  // The body is as high as its text, up to most lines.
  const [least, most] = [4, 24];
  const TextArea = (Original) => (props) =>
    element(Original, { ...props, rows: Math.min(Math.max(String(props.value ?? "").split("\n").length, least), most), spellCheck: false });

  const constraint = (Original) => (props) => {
    const { scope, value } = props.constraint;
    if (value.length <= longest) {
      return element(Original, props);
    }
    return details(`json-schema-2020-12__constraint json-schema-2020-12__constraint--${scope}`, `${value.slice(0, longest)}…`, value);
  };

  const allOf = (Original) => (props) => (props.schema?.allOf?.every(isCondition) ? null : element(Original, props));
  const nothing = () => () => null;

  // Reset appears with an edited body. What can be tried can always be tried.
  const TryItOutButton = () => ({ hasUserEditedBody, onResetClick }) =>
    hasUserEditedBody ? element("button", { type: "button", className: "btn reset", onClick: onResetClick }, "Reset") : null;

  return {
    wrapComponents: {
      response, headers, parameterRow, TextArea, TryItOutButton,
      contentType: onlyOne(({ contentTypes }) => contentTypes?.size, ({ contentTypes }) => element("code", { className: "sb-type" }, contentTypes.first())),
      ExamplesSelect: onlyOne(({ examples, isModifiedValueAvailable }) => examples.size + (isModifiedValueAvailable ? 1 : 0), () => null),
      CopyToClipboardBtn: nothing,
      JSONSchema202012KeywordConstraint: constraint,
      JSONSchema202012KeywordAllOf: allOf,
      ...Object.fromEntries(conditions.map((keyword) => [`JSONSchema202012Keyword${keyword}`, nothing])),
    },
  };
}

// Fills the input of each operation's Idempotency-Key with a fresh UUID: the user can see it, change it, and make a new one.
// It stays after Execute, so that Execute again shows the replay of the first result.

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

// idempotencyKey is a plugin of Swagger UI. It wraps the component that shows the input of every parameter, and changes one of them.
export function idempotencyKey({ React }) {
  const element = React.createElement;
  // What was generated or typed on this page. null is an input that the user has emptied, in order to type.
  const chosen = new Set([null, ""]);

  const keyField = (Original) =>
    function KeyField(props) {
      const choose = (key) => {
        chosen.add(key);
        props.onChange(key);
      };
      React.useEffect(() => {
        // Swagger UI fills in nothing, or the example of the document: a key that everybody shares would replay another's result.
        if (!chosen.has(props.value)) {
          choose(newKey());
        }
      });
      return element(
        "div",
        { className: "sb-key" },
        element(Original, { ...props, onChange: choose }),
        element("button", { type: "button", className: "btn sb-small", disabled: props.disabled, onClick: () => choose(newKey()) }, "New key"),
      );
    };

  return {
    wrapComponents: {
      JsonSchemaForm: (Original) => {
        const KeyField = keyField(Original);
        // The description is the name of the parameter.
        return (props) => element(props.description === header ? KeyField : Original, props);
      },
    },
  };
}

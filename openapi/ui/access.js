// Makes Swagger UI usable with a keyboard and a screen reader, where it is not by itself.

const bearer = (definition) => definition.first().get("scheme") === "bearer";

const dark = matchMedia("(prefers-color-scheme: dark)");
const themeOf = ({ matches }) => (matches ? "agate" : "idea");

// accessible is a plugin of Swagger UI.
export function accessible({ React }) {
  const element = React.createElement;

  // A link within the button that opens an operation would be a second thing to reach.
  const DeepLink = () => ({ text }) => element("span", null, text);

  const labelled = (name) => (Original) => (props) =>
    element("label", { className: "sb-label" }, element("span", null, name(props)), element(Original, { ...props, showLabels: false }));

  const TextArea = (Original) => (props) => element(Original, { "aria-label": "Request body", ...props });

  // Execute is disabled until the answer comes, and Clear goes away: the focus would be nowhere then, and is on Execute.
  const execute = (Original) => (props) => {
    const pressed = React.useRef(null);
    React.useLayoutEffect(() => {
      if (!props.disabled && document.activeElement === document.body) {
        pressed.current?.focus({ preventScroll: true });
      }
    }, [props.disabled]);
    return element("span", { className: "sb-around", onClick: ({ target }) => (pressed.current = target) }, element(Original, props));
  };
  const toExecute = ({ target }) => target.closest(".opblock").querySelector(".execute").focus();
  const clear = (Original) => (props) => element("span", { className: "sb-around", onClick: toExecute }, element(Original, props));

  // The browser's own dialog keeps the focus inside, closes with Escape, and gives the focus back.
  const authorizationPopup = (Original, { authActions }) => (props) => {
    const dialog = React.useRef(null);
    React.useLayoutEffect(() => {
      const opened = dialog.current;
      opened.showModal();
      opened.querySelector("input, .btn")?.focus();
      return () => opened.close();
    }, []);
    const cancel = (event) => {
      event.preventDefault(); // Swagger UI removes it
      authActions.showDefinitions(false);
    };
    return element("dialog", { ref: dialog, className: "sb-dialog", "aria-label": "Available authorizations", onCancel: cancel }, element(Original, props));
  };

  // The highlighter has its colours in its elements, where no style sheet chooses them.
  const SyntaxHighlighter = (Original) => (props) => {
    const [theme, choose] = React.useState(themeOf(dark));
    React.useEffect(() => {
      const follow = () => choose(themeOf(dark));
      dark.addEventListener("change", follow);
      return () => dark.removeEventListener("change", follow);
    }, []);
    const configs = props.getConfigs();
    return element(Original, { ...props, getConfigs: () => ({ ...configs, syntaxHighlight: { ...configs.syntaxHighlight, theme } }) });
  };

  // A JWT or an API key as a bearer token is what most callers have. What is shown is a list, or false.
  const shownDefinitions = (original) => (...args) => {
    const shown = original(...args);
    return shown ? shown.sortBy((definition) => !bearer(definition)) : shown;
  };

  return {
    wrapComponents: {
      DeepLink, TextArea, SyntaxHighlighter, authorizationPopup, execute, clear,
      ExamplesSelect: labelled(() => "Example"),
      JsonSchemaForm: labelled(({ description }) => description),
    },
    statePlugins: { auth: { wrapSelectors: { shownDefinitions } } },
  };
}

// named are buttons that have a picture only.
const named = [
  [".copy-to-clipboard button", "Copy"],
  [".close-modal", "Close"],
];

// watch names what Swagger UI's components leave without a name, and lets the keyboard scroll what is too large for its box.
export function watch(root) {
  const pass = () => {
    for (const [selector, name] of named) {
      root.querySelectorAll(`${selector}:not([aria-label])`).forEach((button) => button.setAttribute("aria-label", name));
    }
    // All of these have one name, which is not theirs; whether a list is open is said apart.
    root.querySelectorAll(".expand-operation[title]").forEach((button) => {
      button.setAttribute("aria-label", button.closest("[data-tag]").dataset.tag);
      button.removeAttribute("title");
    });
    // These have names that are not what is on them.
    root.querySelectorAll(".auth-btn-wrapper [aria-label]").forEach((button) => button.removeAttribute("aria-label"));
    root.querySelectorAll("pre:not([tabindex])").forEach((box) => {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
        box.tabIndex = 0;
      }
    });
  };
  new MutationObserver(pass).observe(root, { childList: true, subtree: true });
  addEventListener("resize", pass);
  pass();
}

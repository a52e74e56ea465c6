// Puts links below an answer: to the page of a problem, and to the record of an operation.

// pageOf returns the address of a problem's page, which its type is; "" where the answer is not a problem of this proxy.
function pageOf({ content, contentType }) {
  if (!/^application\/problem\+json/i.test(contentType ?? "")) {
    return "";
  }
  try {
    const page = new URL(JSON.parse(content).type, location.href);
    return page.origin === location.origin && page.pathname.startsWith("/problems/") ? page.pathname : "";
  } catch {
    return "";
  }
}

// linkedAnswers is a plugin of Swagger UI.
export function linkedAnswers({ React }) {
  const element = React.createElement;
  const linked = (about, address) => address && element("p", { className: "sb-link" }, `${about}: `, element("a", { href: address }, address));

  const responseBody = (Original, { specSelectors }) => (props) => {
    const record = new URL(props.headers?.location ?? "", location.href);
    // Where callers are known by API keys, a link would carry none.
    const open = record.origin === location.origin && record.pathname.startsWith("/v1/operations/") && !specSelectors.securityDefinitions();
    return element(
      React.Fragment,
      null,
      linked("What this means, and what to do", pageOf(props)),
      element(Original, props),
      linked("What became of it", open && record.pathname),
    );
  };
  return { wrapComponents: { responseBody } };
}

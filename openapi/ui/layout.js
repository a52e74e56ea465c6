// What is on the page beside the opened operations: a filter, the button for API keys, the list, and the schemas. The heading and the introduction
// are in the page itself, and there is only one server.

// find leaves the operations whose path, summary, name or tag contains a phrase, in whatever case, and the tags that have any of them.
function find(tags, phrase) {
  const wanted = phrase.trim().toLowerCase();
  const matches = (tag) => (operation) =>
    [tag, operation.get("path"), operation.getIn(["operation", "summary"]), operation.getIn(["operation", "operationId"])]
      .some((text) => text?.toLowerCase().includes(wanted));
  return tags
    .map((found, tag) => found.update("operations", (operations) => operations.filter(matches(tag))))
    .filter((found) => found.get("operations").size > 0);
}

// pageLayout is a plugin of Swagger UI. pages are the addresses of the operations' own pages, by operationId; shown is resolved when the reader sees
// what Swagger UI has made.
export function pageLayout(pages, shown) {
  return ({ React }) => {
    const element = React.createElement;

    function DocsLayout({ getComponent, specSelectors, layoutSelectors, layoutActions }) {
      const part = (name) => element(getComponent(name, true));
      const phrase = layoutSelectors.currentFilter();
      const filter = element("input", {
        type: "search", className: "sb-filter", "aria-label": "Filter operations", placeholder: "Filter operations",
        value: typeof phrase === "string" ? phrase : "", onChange: (event) => layoutActions.updateFilter(event.target.value),
      });
      return element(
        "div",
        { className: "swagger-ui" },
        part("SvgAssets"),
        part("errors"),
        element("div", { className: "wrapper sb-tools" }, filter, specSelectors.securityDefinitions() ? part("AuthorizeBtnContainer") : null),
        element(
          "div",
          { className: "wrapper" },
          specSelectors.taggedOperations().size > 0 ? part("operations") : element("p", { role: "status" }, "No operation matches."),
        ),
        element("div", { className: "wrapper" }, part("Models")),
      );
    }

    // Swagger UI offers this place beside an operation's summary, and puts nothing there.
    const JumpToPath = (_, { specSelectors }) => ({ path }) => {
      const place = path?.toArray?.() ?? [];
      const name = place.length === 3 && specSelectors.specJson().getIn([...place, "operationId"]);
      return pages.has(name) ? element("a", { className: "sb-page", href: pages.get(name), "aria-label": `Read about ${name}` }, "Read") : null;
    };

    return {
      fn: { opsFilter: find },
      components: { DocsLayout },
      wrapComponents: { JumpToPath },
      // Swagger UI would scroll while the page shows the list that was there before.
      statePlugins: { layout: { wrapActions: { scrollToElement: () => (target) => shown.then(() => (target.firstElementChild ?? target).scrollIntoView()) } } },
    };
  };
}

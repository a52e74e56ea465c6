// Shows only the beginning of schemas that Swagger UI cannot hold: it puts each schema in the place of every reference to it. The types of a large
// WSDL hold each other in so many ways that the browser would hang.

// most is how many JSON values a schema may have with its references resolved. The largest of a built-in operation has about 2,000.
const most = 5000;

// bounded returns the document that is shown, not the one that is served, with the messages that are larger cut off behind their first levels.
export function bounded(document) {
  const target = (reference) => reference.split("/").slice(1).reduce((at, name) => at?.[name], document);

  const sizes = new Map(); // of schemas, without what they refer to
  const sizeOf = (part) => (part !== null && typeof part === "object" ? Object.values(part).reduce((sum, inside) => sum + sizeOf(inside), 1) : 1);
  const sizeAt = (reference) => {
    if (!sizes.has(reference)) {
      sizes.set(reference, sizeOf(target(reference)));
    }
    return sizes.get(reference);
  };

  // begun resolves references level by level. It returns the schema itself where that ends.
  const begun = (schema) => {
    let result;
    let size = 0;
    let cut = false;
    const queue = [{ part: schema, above: [], put: (copy) => (result = copy) }];
    for (const { part, above, put } of queue) {
      const reference = part?.$ref;
      if (typeof reference === "string") {
        const title = reference.slice(reference.lastIndexOf("/") + 1);
        const again = above.includes(reference);
        const full = !again && size + sizeAt(reference) > most;
        cut ||= full;
        if (again || full) {
          put({ type: "object", title, description: "Not shown again, or too deep to be shown here: this schema is in /openapi.json." });
        } else {
          size += sizeAt(reference);
          queue.push({ part: { title, ...target(reference) }, above: [...above, reference], put });
        }
      } else if (part !== null && typeof part === "object") {
        const copy = Array.isArray(part) ? [] : {};
        put(copy);
        for (const [name, inside] of Object.entries(part)) {
          copy[name] = undefined; // keeps its place
          queue.push({ part: inside, above, put: (value) => (copy[name] = value) });
        }
      } else {
        put(part);
      }
    }
    return cut ? result : schema;
  };

  const each = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
  const message = (m) => ({ ...m, ...(m.content && { content: each(m.content, (c) => ({ ...c, schema: begun(c.schema) })) }) });
  const operation = (o) => ({
    ...o,
    ...(o.requestBody && { requestBody: message(o.requestBody) }),
    responses: each(o.responses, message),
  });
  return { ...document, paths: each(document.paths, (methods) => each(methods, operation)) };
}

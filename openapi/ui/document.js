// Makes the document that Swagger UI shows of the one that is served: what a reader opens is short, and nothing is said twice. Generators and other
// tools read the served document, which stays as it is.

// A preview has the path of its operation with this behind it, and a parameter for the version of SOAP. It has buttons beside Execute.
export const previewSuffix = "/preview";
export const versionParameter = "soap";

const problemType = "application/problem+json";

// simplified returns the document with two changes. Previews are not operations of their own: x-previews lists the versions that an operation has.
// All problems are the default response, and its x-problems lists their codes by status: [["409", ["in-flight"]]].
export function simplified(document) {
  const follow = (part) => {
    const names = part?.$ref?.split("/").slice(1);
    return names ? follow(names.reduce((at, name) => at?.[name], document)) : part;
  };

  const previews = (path, method) => {
    const parameters = document.paths[path + previewSuffix]?.[method]?.parameters ?? [];
    return parameters.map(follow).find((parameter) => parameter?.name === versionParameter)?.schema?.enum ?? [];
  };

  const operation = (path, method, described) => {
    const responses = {};
    const problems = [];
    for (const [status, response] of Object.entries(described.responses)) {
      const content = follow(response)?.content ?? {};
      if (status !== "default" && content[problemType]) {
        const examples = Object.entries(content[problemType].examples ?? {});
        problems.push([status, examples.map(([name, example]) => follow(example)?.value?.code ?? name)]);
      }
      if (status !== "default" && (!content[problemType] || Object.keys(content).length > 1)) {
        responses[status] = response;
      }
    }
    responses.default = { description: "Any problem", "x-problems": problems };
    return { ...described, responses, "x-previews": previews(path, method) };
  };

  const paths = Object.entries(document.paths)
    .filter(([path]) => !(path.endsWith(previewSuffix) && path.slice(0, -previewSuffix.length) in document.paths))
    .map(([path, methods]) => [path, Object.fromEntries(Object.entries(methods).map(([method, o]) => [method, operation(path, method, o)]))]);
  return { ...document, paths: Object.fromEntries(paths) };
}

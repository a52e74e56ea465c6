// Lists the operations whose outcome is unknown, and settles them, through the API. The API key is in this module's memory only.

const find = (selector) => document.querySelector(selector);
const [keyForm, filters, table, more, done, failed, dialog] = ["#key", "#unknowns", "table", "#more", "#done", "#failed", "#settle"].map(find);
const [body, settling] = [table.querySelector("tbody"), dialog.querySelector("form")];
const choices = ["system", "operation", "caller"];
const pageSize = 100;

let key = "";
let rows = []; // what is loaded: its record, the text that the filter reads, and its row of the table
let total = 0;
let cursor = ""; // of the next page

const element = (name, properties, ...content) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...content);
  return made;
};
const code = (text) => element("code", {}, text);

// ask returns the answer of the API, or the problem in its place.
async function ask(path, options = {}) {
  try {
    const headers = { Accept: "application/json", ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
    const response = await fetch(path, { ...options, headers, cache: "no-store" });
    const answer = await response.json();
    return response.ok ? { answer } : { problem: answer };
  } catch (error) {
    return { problem: { title: "No readable answer came", detail: `${error.message}. Try again: nothing is settled twice.` } };
  }
}

// show puts a problem into a place. Of its errors it shows those that are given.
function show(place, problem, errors = problem?.errors ?? []) {
  place.replaceChildren();
  if (problem) {
    const { title, detail, code: name } = problem;
    const page = name ? [" ", element("a", { href: `/problems/${encodeURIComponent(name)}`, target: "_blank" }, name)] : [];
    place.append(element("p", {}, element("b", {}, `${title}.`), ` ${detail ?? ""}`, ...page));
  }
  if (errors.length > 0) {
    place.append(element("ul", {}, ...errors.map((e) => element("li", {}, code(e.pointer ?? e.parameter ?? e.header), ` ${e.detail} ${e.hint ?? ""}`))));
  }
}

// ageOf is how long ago something was, in its largest unit.
function ageOf(instant) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(instant)) / 60_000)); // the clocks of browser and store may differ
  if (minutes === 0) {
    return "just now";
  }
  const [n, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 48 * 60 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1440), "day"];
  return `${n} ${unit}${n === 1 ? "" : "s"} ago`;
}

const callerOf = (record) => record.caller ?? "without a key";

function rowOf(record) {
  const { operationId, operation, system, attempt, startedAt, idElements } = record;
  const button = element("button", { type: "button" }, "Settle");
  button.setAttribute("aria-label", `Settle ${operation} ${operationId}`);
  button.addEventListener("click", () => open(record));
  const where = idElements
    ? ["in ", code(idElements.join(", ")), ", unless the caller gave a value of its own there"]
    : ["The message does not hold it: look for what the caller sent at that time."];
  const cell = (label, ...content) => {
    const made = element("td", {}, ...content);
    made.dataset.label = label;
    return made;
  };
  const marks = (...content) => element("span", { className: "marks" }, ...content);
  const row = element(
    "tr",
    {},
    element(
      "th",
      { scope: "row" },
      system ? element("a", { href: `/docs/${encodeURIComponent(operation)}` }, operation) : operation,
      marks(system ?? "this proxy does not have it any more"),
      marks(element("time", { dateTime: startedAt, title: startedAt }, ageOf(startedAt)), `, ${new Date(startedAt).toLocaleString()}`),
    ),
    cell("Look for", element("code", { className: "whole" }, operationId), marks(...where), marks("Attempt ", element("code", { className: "whole" }, attempt))),
    cell("Caller", callerOf(record)),
    element("td", {}, button),
  );
  return { record, row, text: [operationId, attempt, operation, system, callerOf(record), ...(idElements ?? [])].join(" ").toLowerCase() };
}

const valueOf = (record, name) => (name === "caller" ? callerOf(record) : (record[name] ?? ""));

function filter() {
  const words = filters.text.value.toLowerCase().split(/\s+/);
  const before = Date.now() - filters.age.value * 3_600_000;
  let shown = 0;
  for (const { record, row, text } of rows) {
    const fits =
      words.every((word) => text.includes(word)) &&
      Date.parse(record.startedAt) <= before &&
      choices.every((name) => !filters[name].value || filters[name].value === valueOf(record, name));
    row.hidden = !fits;
    shown += fits;
  }
  const rest = rows.length < total ? `; ${rows.length} of ${total} are loaded, and the filters see only these` : "";
  filters.querySelector("output").value = total ? `${shown} of ${total}${rest}` : "No outcome is unknown.";
}

// refresh shows what is loaded.
function refresh() {
  for (const name of choices) {
    const chosen = filters[name].value;
    const values = [...new Set(rows.map(({ record }) => valueOf(record, name)).filter(Boolean))].sort();
    filters[name].replaceChildren(new Option("all", ""), ...values.map((value) => new Option(value)));
    filters[name].value = values.includes(chosen) ? chosen : "";
  }
  body.replaceChildren(...rows.map(({ row }) => row));
  filters.hidden = false;
  table.hidden = rows.length === 0;
  more.hidden = !cursor;
  filter();
}

// load lists the first page, or the one behind what is loaded.
async function load(first) {
  const { answer, problem } = await ask(`/v1/operations?state=unknown&limit=${pageSize}${first ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
  show(failed, problem);
  if (problem) {
    keyForm.hidden = !("needed" in keyForm.dataset) || rows.length > 0;
    return;
  }
  rows = [...(first ? [] : rows), ...answer.operations.map(rowOf)];
  total = answer.total;
  cursor = answer.nextCursor ?? "";
  keyForm.hidden = true;
  refresh();
}

let settled; // the record in the dialog
let stale = false; // whether the list shows what is not so any more

const finding = () => settling.executed.value; // "true", "false" or ""
const resultText = () => (finding() === "true" ? settling.result.value.trim() : "");

// meaning says what a settlement does.
function meaning() {
  if (finding() === "false") {
    return "not executed. Its key is free again: the next call with it is sent to the vendor.";
  }
  return resultText()
    ? "executed, with a result. A repetition with its key gets this result."
    : "executed, without a result. A repetition with its key is answered with the problem settled.";
}

function step(name) {
  settling.dataset.step = name;
  for (const part of settling.querySelectorAll("[data-step]")) {
    part.hidden = part.dataset.step !== name;
  }
  const confirming = name === "confirm";
  settling.next.textContent = confirming ? "Settle it" : "Continue";
  settling.back.textContent = confirming ? "Back" : "Cancel";
}

const wrongResult = settling.querySelector("#wrong-result");
const wrong = settling.querySelector(".problem");

function open(record) {
  settled = record;
  settling.reset();
  settling.querySelector("h2").textContent = `Settle ${record.operation}`;
  settling.querySelector("[data-id]").textContent = record.operationId;
  settling.querySelector("[data-page]").href = `/docs/${encodeURIComponent(record.operation)}#answer`;
  settling.querySelector("[data-result]").hidden = true;
  [wrong, wrongResult].forEach((place) => show(place));
  step("choose");
  dialog.showModal();
}

// confirm asks once more, where what is entered can be sent.
function confirm() {
  [wrong, wrongResult].forEach((place) => show(place));
  if (!finding()) {
    show(wrong, { title: "Choose what the records say" });
    return;
  }
  try {
    JSON.parse(resultText() || "{}");
  } catch (error) {
    show(wrongResult, { title: "This is not JSON", detail: error.message });
    settling.result.focus();
    return;
  }
  step("confirm");
  const about = settling.querySelector("[data-step=confirm]");
  about.textContent = `${settled.operation} was ${meaning()} This cannot be undone.`;
  about.focus();
}

async function settle() {
  settling.next.disabled = settling.back.disabled = true;
  const { operationId, attempt, operation } = settled;
  const result = resultText() ? `,"result":${resultText()}` : ""; // as it was written: numbers keep all their digits
  const { problem } = await ask(`/v1/operations/${encodeURIComponent(operationId)}/resolution`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: `{"attempt":${JSON.stringify(attempt)},"executed":${finding()}${result}}`,
  });
  settling.next.disabled = settling.back.disabled = false;
  if (problem) {
    const isOfResult = ({ pointer }) => pointer?.startsWith("/result");
    const errors = problem.errors ?? [];
    stale = problem.status === 404 || problem.status === 409;
    step("choose");
    show(wrong, problem, errors.filter((e) => !isOfResult(e)));
    show(wrongResult, undefined, errors.filter(isOfResult));
    return;
  }
  done.prepend(element("p", {}, `Settled: ${operation} `, code(operationId), ` was ${meaning()}`));
  rows = rows.filter(({ record }) => record !== settled);
  total--;
  refresh();
  dialog.close();
  done.focus();
}

settling.addEventListener("input", () => (settling.querySelector("[data-result]").hidden = finding() !== "true"));
settling.addEventListener("submit", (event) => {
  event.preventDefault();
  return settling.dataset.step === "confirm" ? settle() : confirm();
});
settling.back.addEventListener("click", () => (settling.dataset.step === "confirm" ? step("choose") : dialog.close()));
// While a settlement is on its way, its answer is still to be seen.
dialog.addEventListener("cancel", (event) => settling.next.disabled && event.preventDefault());
dialog.addEventListener("close", () => {
  if (stale) {
    stale = false;
    load(true);
  }
});

filters.addEventListener("input", filter);
filters.addEventListener("submit", (event) => event.preventDefault());
filters.again.addEventListener("click", () => load(true));
more.addEventListener("click", () => load(false));
keyForm.addEventListener("submit", (event) => {
  event.preventDefault();
  key = keyForm.key.value.trim();
  keyForm.reset();
  load(true);
});

if ("needed" in keyForm.dataset) {
  keyForm.hidden = false;
} else {
  load(true);
}

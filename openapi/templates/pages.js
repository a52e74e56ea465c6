// Filters the rows of the catalogue as the user types, and opens the operations that have some. What is chosen stays in the address, so that it can be
// shared.

const form = document.querySelector("#filter");

if (form) {
  const rows = Array.from(document.querySelectorAll(".fields tbody tr"), (row) => ({
    row,
    section: row.closest("section"),
    text: `${row.textContent} ${row.id}`.toLowerCase(),
  }));
  const sections = [...new Set(rows.map((each) => each.section))];
  const marks = ["required", "secret", "rule"];

  let before = 0; // how many filters were set
  const filter = () => {
    const { text, system, operation } = form;
    const words = text.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const { row, section, text } of rows) {
      const fits =
        words.every((word) => text.includes(word)) &&
        (!system.value || section.dataset.system === system.value) &&
        (!operation.value || section.id === operation.value) &&
        marks.every((mark) => !form[mark].checked || mark in row.dataset);
      row.hidden = !fits;
      shown += fits;
    }
    const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    for (const section of sections) {
      section.hidden = !section.querySelector("tbody tr:not([hidden])");
      if (chosen.size === 0 || before === 0) {
        section.querySelector("details").open = chosen.size > 0 || location.hash === `#${section.id}`; // then what the reader opens and closes stays
      }
    }
    before = chosen.size;
    form.querySelector("output").value = `${shown} of ${rows.length} members`;
    history.replaceState(null, "", `${location.pathname}${chosen.size ? `?${chosen}` : ""}${location.hash}`);
  };

  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements.namedItem(name);
    if (field?.type === "checkbox") {
      field.checked = true;
    } else if (field) {
      field.value = value;
    }
  }
  form.addEventListener("input", filter);
  // A link on this page to an operation or a member opens it, whatever the filters hide.
  addEventListener("hashchange", () => {
    const target = document.querySelector(":target");
    const section = target?.closest("section");
    if (!section) {
      return;
    }
    if (target.closest("[hidden]")) {
      form.reset();
      filter();
    }
    section.querySelector("details").open = true;
    target.scrollIntoView();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
}

// The fields at the left, and the menu of scenarios.

import { html } from "./dom.js";

/** The column of fields. */
export function fieldsColumn(page) {
  const el = html("aside", { class: "cw-fields", "aria-label": "fields" });
  return { el, update() {} };
}

/** The menu of scenarios in the bar. */
export function scenarioMenu(page) {
  const select = html("select", { class: "cw-menu", "aria-label": "scenario",
                                  onchange: () => page.send({ do: "scenario", name: select.value }) });
  const update = () => {
    const fields = page.docs.fields;
    if (!fields || select.dataset.has === String(fields.scenarios)) return;
    select.replaceChildren(...fields.scenarios.map((name) => html("option", { value: name }, name)));
    select.dataset.has = String(fields.scenarios);
    select.value = fields.scenario;
  };
  return { el: select, update };
}

// Tables, and a quiet line beside a picture or a table.

import { html } from "./dom.js";

/** A table: headers, if it has any, and rows of texts or elements. Numbers stand at the right, or what `sides` says. */
export function tableOf({ title, headers, rows, sides = [] }) {
  const side = (cell, i) => sides[i] ?? (/^[-+−–\d]/.test(cell?.textContent ?? cell) ? "cw-right" : "");
  return html("table", { class: "cw-table" },
    title ? html("caption", {}, title) : null,
    headers ? html("thead", {}, html("tr", {}, headers.map((name, i) => html("th", { scope: "col", class: sides[i] }, name)))) : null,
    html("tbody", {}, rows.map((row) => html("tr", {}, row.map((cell, i) => html("td", { class: side(cell, i) }, cell))))));
}

export function quiet(words) {
  return words ? html("p", { class: "cw-quiet" }, words) : null;
}

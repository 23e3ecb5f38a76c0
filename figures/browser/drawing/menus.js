// What opens over the page: the list of scenarios, and all keys.

import { changes, html, press, refill } from "./dom.js";
import { later } from "./later.js";
import { KEYS } from "./keys.js";

later.menus = { scenarios: scenarioList, keys: keysDialog };

/** A function that fills the list: each scenario with what it asks, and which market it is of. */
function scenarioList(page, list) {
  const focusChosen = () => list.matches(":popover-open") && list.querySelector("[aria-selected=true]")?.focus();
  list.addEventListener("toggle", focusChosen);
  list.addEventListener("keydown", (event) => {
    const items = [...list.children];
    const at = items.indexOf(document.activeElement);
    const typed = (item) => item.textContent.toLowerCase().startsWith(event.key);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    const found = next === undefined ? [...items.slice(at + 1), ...items].find(typed) : items[next];
    if (!found) return;
    found.focus();
    event.preventDefault();
  });
  const choose = (entry) => {
    list.hidePopover();
    page.send({ do: "scenario", name: entry.name });
  };
  const item = (entry, chosen) => press([html("b", {}, entry.title),
    html("span", { class: "cw-tag" }, entry.opened ? "opened here" : entry.market), html("span", { class: "cw-question" }, entry.question)],
  () => choose(entry), "cw-item", { role: "option", "aria-selected": String(entry.name === chosen) });
  const differs = changes();
  return (told) => {
    if (!differs(told)) return;
    refill(list, told.entries.map((entry) => item(entry, told.chosen)));
    focusChosen();
  };
}

function keysDialog() {
  const caps = (name, text = name) => text.split(" ").map((key) => html("kbd", {}, key.length > 1 ? key : key.toUpperCase()));
  const dialog = html("dialog", { class: "cw-dialog", "aria-label": "all keys" }, html("h2", {}, "Keys"),
    html("dl", { class: "cw-keys" }, KEYS.map(([name, says, , text]) => [html("dt", {}, caps(name, text)), html("dd", {}, says)])),
    press("Close", () => dialog.close()));
  return dialog;
}

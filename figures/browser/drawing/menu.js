// The menu of scenarios: a button that opens a list with what each asks and which market it is of.

import { html, press, refill, write } from "./dom.js";

/** The menu in the bar. */
export function scenarioMenu(page) {
  const name = html("span");
  const list = html("div", { class: "cw-list", popover: true, id: "cw-scenarios", role: "listbox", "aria-label": "scenarios" });
  const button = html("button", { type: "button", class: "cw-menu", popovertarget: "cw-scenarios", "aria-haspopup": "listbox",
                                  title: "scenario" }, name, " ▾");
  list.addEventListener("toggle", () => list.querySelector("[aria-selected=true]")?.focus());
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
  let drawn = null;
  const update = () => {
    const told = page.docs.scenarios;
    button.hidden = !told;
    if (!told || told === drawn) return;
    drawn = told;
    write(name, told.entries.find((entry) => entry.name === told.chosen)?.title ?? told.chosen);
    refill(list, told.entries.map((entry) => item(entry, told.chosen)));
  };
  return { el: html("div", {}, button, list), update };
}

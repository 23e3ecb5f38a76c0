// The menu of scenarios: a button that opens a list with what each asks and which market it is of.

import { html, refill, write } from "./dom.js";

/** The menu in the bar. */
export function scenarioMenu(page) {
  const name = html("span");
  const button = html("button", { type: "button", class: "cw-menu", "aria-haspopup": "listbox", "aria-expanded": "false",
                                  onclick: () => (list.hidden ? open() : close()) },
    html("span", { class: "cw-hear" }, "scenario: "), name, html("span", { class: "cw-down", "aria-hidden": "true" }, " ▾"));
  const list = html("ul", { class: "cw-list", role: "listbox", tabindex: "-1", "aria-label": "scenarios", hidden: true });
  const el = html("div", { class: "cw-menu-box" }, button, list);
  let at = 0;

  const mark = (place) => {
    at = Math.min(Math.max(place, 0), list.children.length - 1);
    [...list.children].forEach((item, i) => item.classList.toggle("cw-at", i === at));
    list.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const open = () => {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    list.focus();
    mark([...list.children].findIndex((item) => item.getAttribute("aria-selected") === "true"));
  };
  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
  const pick = (entry) => {
    close();
    page.send({ do: "scenario", name: entry.name });
  };
  const letters = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5, Home: -999, End: 999 };
  list.addEventListener("keydown", (event) => {
    const entries = page.docs.scenarios.entries;
    const typed = event.key.toLowerCase();
    const next = [...entries.keys()].map((i) => (at + 1 + i) % entries.length)
      .find((i) => entries[i].title.toLowerCase().startsWith(typed));
    if (event.key in letters) mark(at + letters[event.key]);
    else if (event.key === "Enter" || event.key === " ") pick(entries[at]);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else if (next !== undefined) mark(next);
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("focusout", (event) => {
    if (!el.contains(event.relatedTarget)) list.hidden = true;
  });

  let drawn = null;
  const update = () => {
    const told = page.docs.scenarios;
    if (!told || told === drawn) return;
    drawn = told;
    write(name, told.entries.find((entry) => entry.name === told.chosen)?.title ?? told.chosen);
    refill(list, told.entries.map((entry, i) =>
      html("li", { role: "option", id: `cw-scenario-${i}`, "aria-selected": String(entry.name === told.chosen),
                   onclick: () => pick(entry) },
        html("b", {}, entry.title), html("span", { class: "cw-tag" }, entry.opened ? "opened here" : entry.market),
        html("span", { class: "cw-question" }, entry.question))));
  };
  return { el, update };
}

// The menu of scenarios: its button; what it opens is sent later.

import { html, press, write } from "./dom.js";
import { wanted } from "./later.js";

export function scenarioMenu(page) {
  const name = html("span");
  const list = html("div", { class: "cw-list", popover: true, id: "cw-scenarios", role: "listbox", "aria-label": "scenarios",
                             ontoggle: page.redraw });
  const button = press([name, " ▾"], null, "cw-menu", { popovertarget: "cw-scenarios", "aria-haspopup": "listbox", title: "scenario" });
  let fill = null;
  const update = () => {
    const told = page.docs.scenarios;
    button.hidden = !told;
    if (!told) return;
    write(name, told.entries.find((entry) => entry.name === told.chosen)?.title ?? told.chosen);
    if (list.matches(":popover-open")) fill ??= wanted(page, "menus")?.scenarios(page, list);
    fill?.(told);
  };
  return { el: html("div", {}, button, list), update };
}

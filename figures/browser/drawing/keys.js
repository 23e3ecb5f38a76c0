// Keys: one table, which the page acts by and the dialog of all keys shows.

import { withPart } from "./later.js";

const VIEW_KEYS = ["1", "2", "3", "4", "5", "6"];
export const KEYS = [ // key as the browser names it, what it does, how, and what stands on it
  [" ", "play or pause", (page) => page.playOrPause(), "space"],
  ["ArrowLeft", "a round back", (page) => page.look(page.round - 1), "←"],
  ["ArrowRight", "a round on", (page) => page.look(page.round + 1), "→"],
  ["Shift ArrowLeft", "ten rounds back", (page) => page.look(page.round - 10), "shift ←"],
  ["Shift ArrowRight", "ten rounds on", (page) => page.look(page.round + 10), "shift →"],
  ["Home", "the first round", (page) => page.look(0)],
  ["End", "the newest round", (page) => page.look(page.store.newest)],
  ["e", "next event", (page) => toEvent(page, 1)],
  ["Shift e", "event before", (page) => toEvent(page, -1)],
  [VIEW_KEYS.join(" "), "a view", (page, key) => toView(page, VIEW_KEYS.indexOf(key))],
  ["j", "next principal", (page) => toPrincipal(page, 1)],
  ["k", "previous principal", (page) => toPrincipal(page, -1)],
  ["/", "find a field", (page) => page.findField()],
  ["[", "hide or show the fields", (page) => page.hideFields()],
  ["g", "guess first", (page) => page.guess?.()],
  ["d", "dark or light", (page) => page.turnDark?.()],
  ["t", "talk", (page) => page.turnTalk?.()],
  ["s", "share", (page) => page.share?.()],
  ["?", "all keys", (page) => page.showKeys()],
  ["Escape", "let go", (page) => page.set({ principal: null, hover: null, stretch: null }), "esc"],
];

/** Listen to keys while the page is there; none acts while somebody types or another control has use for it. */
export function bindKeys(page) {
  let dialog = null;
  page.showKeys = () => withPart(page, "menus", ({ keys }) => {
    if (!dialog) page.root.append((dialog = keys()));
    dialog.showModal();
  });
  const pressed = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!page.store.setup || takes(event.target, event.key)) return;
    const key = event.key.length > 1 ? event.key : event.key.toLowerCase();
    const shift = event.shiftKey && /\w/.test(key); // signs need it on some keyboards
    const found = KEYS.find(([name]) => name === (shift ? `Shift ${key}` : key) || (VIEW_KEYS.includes(key) && name.includes(key)));
    if (!found) return;
    event.preventDefault();
    found[2](page, key);
  };
  document.addEventListener("keydown", pressed);
  page.closed.push(() => document.removeEventListener("keydown", pressed));
}

/** Whether a control uses a key itself: fields and lists all of them, buttons and links what presses them. */
function takes(target, key) {
  if (target.closest?.("input, select, textarea, dialog, [role=listbox]")) return true;
  return (key === " " || key === "Enter") && Boolean(target.closest?.("button, a, summary"));
}

function toEvent(page, way) {
  const ahead = (page.docs.told?.events ?? []).map((event) => way * (event.round - page.round)).filter((far) => far > 0);
  if (ahead.length) page.look(page.round + way * Math.min(...ahead));
}

function toView(page, place) {
  const view = page.store.setup.views[place];
  if (view) page.set({ view: view.id });
}

export function toPrincipal(page, way) {
  const { principals } = page.store.setup;
  page.set({ principal: ((page.state.principal ?? (way > 0 ? -1 : 0)) + way + principals) % principals });
}

// The page: bar, fields, view and strip around one store, redrawn together on the next frame of the browser.

import { changes, html, kept, press, refill, RESIZED, signButton, write } from "./dom.js";
import { clampedTo, figure, pure } from "./numbers.js";
import { makeStore } from "./store.js";
import { takePart, wanted, withPart } from "./later.js";
import { stripOf } from "./strip.js";
import { societyView } from "./society.js";
import { coursesPart, dynamicsView } from "./dynamics.js";
import { scenarioMenu } from "./menu.js";
import { fieldsColumn } from "./fields.js";
import { bindKeys } from "./keys.js";
import { busyLine, connectionBar, errorLine, firstVisit, runChips } from "./states.js";

const VIEWS = { society: societyView, dynamics: dynamicsView }; // those that are here at once; others are sent later
const PARTS = { ...VIEWS, courses: coursesPart, strip: (page) => stripOf(page, false) };
const WITHOUT_STRIP = new Set(["compare", "sweeps"]);
const MOON = "M6 2a6 6 0 1 0 8 8a6 6 0 0 1-8-8z";

/** Draw the page, or a view, the courses or the strip alone, into an element; `send` hands a document to the server. */
export function mount(el, part, send) {
  const page = makePage(el, send);
  const shell = part === "page" ? wholePage(page) : onePart(page, part);
  el.replaceChildren(page.root);
  page.on(shell.update);
  if (part === "page") window.commonweal = page;
  else (window.commonwealParts ??= {})[part] = page;
  const resized = new ResizeObserver(() => page.redraw());
  resized.observe(el);
  el.addEventListener(RESIZED, page.redraw);
  page.send({ do: "hello" });
  return {
    receive: page.receive,
    close() {
      resized.disconnect();
      el.removeEventListener(RESIZED, page.redraw);
      page.listeners.clear();
      page.closed.forEach((undo) => undo());
    },
  };
}

/** What all parts share: the store, what is looked at, the newest document of each kind, the way to the server. */
function makePage(el, send) {
  const page = { el, send, pure, store: makeStore(), docs: {}, listeners: new Set(), closed: [], asked: {},
                 state: { view: "society", round: null, principal: null, hover: null, pointed: null, stretch: null } };
  let due = false;
  let frames = 0;
  const paint = () => {
    due = false;
    if (page.store.setup) for (const listener of page.listeners) listener();
    if (frames) send({ do: "seen", frames });
    frames = 0;
  };
  page.redraw = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(paint);
  };
  page.on = (listener) => page.listeners.add(listener);
  page.set = (changed) => {
    if (Object.entries(changed).every(([name, value]) => page.state[name] === value)) return;
    Object.assign(page.state, changed);
    page.redraw();
  };
  /** Look at a round; the newest is followed on. */
  page.look = (round) => {
    const within = clampedTo(round, 0, page.store.newest);
    page.set({ round: within >= page.store.newest ? null : within });
    document.dispatchEvent(new CustomEvent("commonweal:look",
      { detail: { page, run: page.store.setup.run, round: page.state.round } }));
    if (!page.store.marks.has(page.round)) wantMarks(page);
  };
  page.span = () => page.state.stretch ? [Math.max(1, page.state.stretch.from), page.state.stretch.to]
    : [1, Math.max(2, page.store.length)];
  /** Pause, or play on from the newest round; with fields that are not played yet, a new run with them. */
  page.playOrPause = () => {
    page.set({ round: null });
    send({ do: page.docs.state?.playing ? "pause" : page.docs.fields?.changes ? "begin" : "play" });
  };
  page.stepOn = () => {
    page.set({ round: null });
    send({ do: "step" });
  };
  /** A colour of the palette as it is in this theme, for canvases. */
  page.colour = (name) => getComputedStyle(page.root).getPropertyValue(`--${name}`).trim();
  Object.defineProperty(page, "round", { get: () => page.state.round ?? page.store.newest });
  page.receive = (document, buffers) => {
    if (RECEIVED[document.kind]) frames += RECEIVED[document.kind](page, document, buffers) === FRAME ? 1 : 0;
    else page.docs[document.kind] = Object.assign(document, { buffers });
    page.redraw();
  };
  return page;
}

const FRAME = "a frame"; // which the server counts

/** What is done with documents that are not just kept. */
const RECEIVED = {
  here: (page, document) => page.heard?.(document),
  part: takePart,
  turn: (page, { view }) => page.set({ view }),
  setup(page, document) {
    page.store.begin(document);
    for (const kind of ["card", "answer", "values", "ledger", "decided", "episodes"]) page.docs[kind] = null;
    page.set({ round: null, principal: null, hover: null, pointed: null, stretch: null });
  },
  frame(page, document, [rows, marks]) {
    const known = document.run !== page.store.setup?.run || page.store.take(document, rows, marks);
    if (!known) page.send({ do: "rows", from: page.store.length + 1 });
    return FRAME;
  },
  marks(page, document, [marks]) {
    if (document.run === page.store.setup?.run) page.store.keep(document.marks, marks);
  },
};

/** Ask for marks around the round that is shown, once they are not here; no more often than ten times a second. */
function wantMarks(page) {
  page.wanting ??= setTimeout(() => {
    page.wanting = null;
    const reach = clampedTo(Math.floor(60000 / page.store.setup.principals), 1, 400);
    const rounds = [];
    for (let r = Math.max(0, page.round - reach); r <= Math.min(page.store.newest, page.round + reach); r++)
      if (!page.store.marks.has(r)) rounds.push(r);
    if (rounds.length) page.send({ do: "marks", rounds });
  }, 60);
}

/** A part by itself, which looks at the round that other parts of the same run look at. */
function onePart(page, part) {
  const heard = ({ detail }) => {
    if (detail.page !== page && detail.run === page.store.setup?.run) page.set({ round: detail.round });
  };
  document.addEventListener("commonweal:look", heard);
  page.closed.push(() => document.removeEventListener("commonweal:look", heard));
  page.root = html("div", { class: "cw cw-part", "data-theme": "light" });
  let made = null;
  const update = () => {
    made ??= (PARTS[part] ?? wanted(page, part))?.(page);
    if (made && !made.el.isConnected) refill(page.root, made.el);
    made?.update();
  };
  return { update };
}

function wholePage(page) {
  const bar = topBar(page);
  const fields = fieldsColumn(page);
  const view = viewOf(page);
  const strip = stripOf(page);
  const foot = html("footer", { class: "cw-foot" }, strip.el);
  const theme = kept("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  page.root = html("div", { class: "cw", "data-theme": theme }, connectionBar(page), bar.el,
    html("div", { class: "cw-body" }, fields.el, view.el), foot);
  bindKeys(page);
  const update = () => {
    view.update(); // first, since the bar says what it shows
    bar.update();
    fields.update();
    page.root.dataset.view = page.showing;
    const column = page.shown?.column ?? fields.el; // some views have fields of their own
    if (!column.isConnected) view.el.previousSibling.replaceWith(column);
    foot.hidden = WITHOUT_STRIP.has(page.showing);
    if (!foot.hidden) strip.update();
    firstVisit(page);
  };
  return { update };
}

function topBar(page) {
  const menu = scenarioMenu(page);
  const tabs = html("nav", { class: "cw-tabs", "aria-label": "views" });
  const chips = runChips(page);
  const share = shareButton(page);
  const narrow = press("☰", () => page.hideFields(), "cw-icon cw-narrow", { "aria-label": "fields", title: "fields ([)" });
  const dark = signButton(MOON, "dark or light (D)", () => page.turnDark(), "cw-dark");
  const help = signButton(html("kbd", {}, "?"), "all keys (?)", () => page.showKeys(), "cw-help");
  const el = html("header", { class: "cw-bar" }, narrow, html("strong", { class: "cw-brand" }, "Commonweal"), menu.el, tabs,
    html("span", { class: "cw-space" }), chips.el, share.el, dark, help);
  page.turnDark = () => {
    page.root.dataset.theme = page.root.dataset.theme === "dark" ? "light" : "dark";
    kept("theme", page.root.dataset.theme);
    page.redraw();
  };
  page.turnTalk = () => {
    const talk = page.root.dataset.talk === "on" ? "off" : "on";
    Object.assign(page.root.dataset, { talk, ...(talk === "on" ? { theme: "dark" } : {}) });
    page.redraw();
  };
  const differs = changes();
  const update = () => {
    const { run, views } = page.store.setup;
    if (differs(run)) refill(tabs, views.map(({ id, name }) => press(name, () => page.set({ view: id }), "cw-tab", { "data-view": id })));
    for (const tab of tabs.children)
      tab.setAttribute("aria-current", tab.dataset.view === page.state.view ? "page" : "false");
    for (const part of [chips, menu, share]) part.update();
  };
  return { el, update };
}

/** The button Share. What it opens is sent when it is first wanted: also for a file to save, or a link to follow. */
function shareButton(page) {
  const button = press("Share", () => page.share(), "cw-button", { "aria-expanded": "false" });
  const el = html("div", { class: "cw-share" }, button);
  let menu = null;
  const ready = (action) => withPart(page, "share", (makeMenu) => {
    menu ??= makeMenu(page, el, button);
    action?.();
  });
  page.share = () => ready(() => menu.turn());
  if (location.hash) ready();
  const update = () => {
    if (page.docs.file && !menu) ready();
    menu?.update();
  };
  return { el, update };
}

/** The view that is looked at, under its sentence. Each is made when it is first looked at, once it is here. */
function viewOf(page) {
  const sentence = html("h1", { class: "cw-sentence" });
  const context = html("p", { class: "cw-context" });
  const busy = busyLine(page);
  const error = errorLine(page);
  const content = html("div", { class: "cw-content" });
  const el = html("main", { class: "cw-view" }, sentence, context, error.el, busy.el, content);
  const made = {};
  const differs = changes();
  const update = () => {
    const { run, views } = page.store.setup;
    if (differs(run) && !views.some(({ id }) => id === page.state.view)) page.state.view = "society";
    const { view } = page.state;
    made[view] ??= (VIEWS[view] ?? wanted(page, view))?.(page);
    if (made[view]) [page.shown, page.showing] = [made[view], view]; // until then what was looked at stays
    busy.update();
    error.update();
    if (!page.shown) return;
    if (content.firstChild !== page.shown.el) refill(content, page.shown.el);
    const own = page.shown.told?.() ?? page.docs.told?.sentences?.[page.showing];
    write(sentence, own?.sentence ?? "");
    write(context, (own?.context ?? "").replace(/Round \S+ of/, `Round ${figure(page.round)} of`)); // the one shown
    page.shown.update();
  };
  return { el, update };
}

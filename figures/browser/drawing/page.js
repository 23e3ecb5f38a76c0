// The page: bar, fields, view and strip around one store, redrawn together on the next frame of the browser.

import { html, kept, refill, RESIZED, svg, write } from "./dom.js";
import { makeStore } from "./store.js";
import { stripOf } from "./strip.js";
import { societyView } from "./society.js";
import { coursesPart, dynamicsView } from "./dynamics.js";
import { valuesView } from "./values.js";
import { compareView } from "./compare.js";
import { sweepView } from "./sweep.js";
import { ledgerView } from "./ledger.js";
import { scenarioMenu } from "./menu.js";
import { fieldsColumn } from "./fields.js";
import { bindKeys } from "./keys.js";
import { busyLine, connectionBar, errorLine, firstVisit, runChips } from "./states.js";
import { followLink, shareButton } from "./share.js";

const VIEWS = { society: societyView, dynamics: dynamicsView, values: valuesView, compare: compareView,
                sweeps: sweepView, ledger: ledgerView };
const WITHOUT_STRIP = new Set(["compare", "sweeps"]);

/**
 * Draw the page, or a part of it, into an element.
 * @param el where
 * @param part "page", or the name of a view or of the strip
 * @param send hands a document to the server
 */
export function mount(el, part, send) {
  const page = makePage(el, send);
  const shell = part === "page" ? wholePage(page) : onePart(page, part);
  el.replaceChildren(shell.el);
  page.on(shell.update);
  if (part === "page") window.commonweal = page;
  else (window.commonwealParts ??= {})[part] = page;
  const resized = new ResizeObserver(() => page.redraw());
  resized.observe(el);
  el.addEventListener(RESIZED, page.redraw);
  page.send({ do: "hello" });
  if (part === "page") followLink(page);
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
export function makePage(el, send) {
  const page = { el, send, pure, store: makeStore(), docs: {}, listeners: new Set(), closed: [],
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
  page.set = (changes) => {
    if (Object.entries(changes).every(([name, value]) => page.state[name] === value)) return;
    Object.assign(page.state, changes);
    page.redraw();
  };
  /** Look at a round; the newest is followed on. */
  page.look = (round) => {
    const within = Math.min(Math.max(round, 0), page.store.newest);
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
  page.colour = (name) => getComputedStyle(page.root || el).getPropertyValue(`--${name}`).trim();
  Object.defineProperty(page, "round", { get: () => page.state.round ?? page.store.newest });
  page.receive = (document, buffers) => {
    if (RECEIVED[document.kind]) frames += RECEIVED[document.kind](page, document, buffers) ? 1 : 0;
    else page.docs[document.kind] = Object.assign(document, { buffers });
    page.redraw();
  };
  return page;
}

/** What is done with documents that are not just kept. Answers whether it was a frame, which the server counts. */
const RECEIVED = {
  here(page, document) {
    page.heard?.(document);
  },
  setup(page, document) {
    page.store.begin(document);
    for (const kind of ["card", "answer", "values", "ledger"]) page.docs[kind] = null;
    page.set({ round: null, principal: null, hover: null, pointed: null, stretch: null });
  },
  frame(page, document, [rows, marks]) {
    if (document.run !== page.store.setup?.run) return true;
    if (!page.store.take(document, rows, marks)) page.send({ do: "rows", from: page.store.length + 1 });
    return true;
  },
  turn(page, document) {
    page.set({ view: document.view });
  },
  marks(page, document, [marks]) {
    if (document.run === page.store.setup?.run) page.store.keep(document.marks, marks);
  },
};

/** Ask for marks around the round that is shown, once they are not here; no more often than ten times a second. */
function wantMarks(page) {
  if (page.wanting) return;
  page.wanting = setTimeout(() => {
    page.wanting = null;
    const reach = Math.max(1, Math.min(400, Math.floor(60000 / page.store.setup.principals)));
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
  const made = part === "strip" ? stripOf(page, false) : part === "courses" ? coursesPart(page) : VIEWS[part](page);
  page.root = html("div", { class: "cw cw-part", "data-theme": "light" }, made.el);
  return { el: page.root, update: made.update };
}

function wholePage(page) {
  const bar = topBar(page);
  const fields = fieldsColumn(page);
  const view = viewOf(page);
  const strip = stripOf(page);
  const foot = html("footer", { class: "cw-foot" }, strip.el);
  const theme = kept("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  page.root = html("div", { class: "cw", "data-theme": theme }, bar.el,
    html("div", { class: "cw-body" }, fields.el, view.el), foot);
  page.root.prepend(connectionBar(page));
  bindKeys(page);
  const update = () => {
    page.root.dataset.view = page.state.view;
    foot.hidden = WITHOUT_STRIP.has(page.state.view);
    view.update(); // first, since the bar says what it shows
    bar.update();
    fields.update();
    const column = page.shown.column ?? fields.el; // some views have fields of their own
    if (!column.isConnected) view.el.previousSibling.replaceWith(column);
    if (!foot.hidden) strip.update();
    firstVisit(page);
  };
  return { el: page.root, update };
}

function topBar(page) {
  const menu = scenarioMenu(page);
  const tabs = html("nav", { class: "cw-tabs", "aria-label": "views" });
  const chips = runChips(page);
  const share = shareButton(page);
  const dark = html("button", { type: "button", class: "cw-icon cw-dark", "aria-label": "dark or light", title: "dark or light (D)",
                                onclick: () => page.turnDark() },
    svg("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: "M6 2a6 6 0 1 0 8 8a6 6 0 0 1-8-8z" })));
  const help = html("button", { type: "button", class: "cw-icon cw-help", "aria-label": "all keys", title: "all keys (?)",
                                onclick: () => page.showKeys?.() }, html("kbd", {}, "?"));
  const narrow = html("button", { type: "button", class: "cw-icon cw-narrow", "aria-label": "fields", title: "fields ([)", onclick: () => page.hideFields() }, "☰");
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
  let run = null;
  const update = () => {
    const { setup } = page.store;
    if (setup.run !== run) {
      run = setup.run;
      refill(tabs, ...setup.views.map((view) =>
        html("button", { type: "button", class: "cw-tab", "data-view": view.id, onclick: () => page.set({ view: view.id }) },
          view.name)));
      if (!setup.views.some((view) => view.id === page.state.view)) page.state.view = "society";
    }
    for (const tab of tabs.children)
      tab.setAttribute("aria-current", tab.dataset.view === page.state.view ? "page" : "false");
    chips.update();
    menu.update();
    share.update();
  };
  return { el, update };
}

/** The view that is looked at, under its sentence. Each is made when it is first looked at. */
function viewOf(page) {
  const sentence = html("h1", { class: "cw-sentence" });
  const context = html("p", { class: "cw-context" });
  const busy = busyLine(page);
  const error = errorLine(page);
  const content = html("div", { class: "cw-content" });
  const el = html("main", { class: "cw-view" }, sentence, context, error.el, busy.el, content);
  const made = {};
  const update = () => {
    const { view } = page.state;
    made[view] ??= VIEWS[view](page);
    if (content.firstChild !== made[view].el) refill(content, made[view].el);
    const own = made[view].told?.() ?? page.docs.told?.sentences?.[view];
    write(sentence, own?.sentence ?? "");
    write(context, (own?.context ?? "").replace(/Round \S+ of/, `Round ${figure(page.round)} of`)); // the one shown
    busy.update();
    error.update();
    made[view].update();
    page.shown = made[view];
  };
  return { el, update };
}

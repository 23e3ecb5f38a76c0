// The card of the principal that is looked at: its life, its numbers, why it does what it does, and what if it did not.

import { html, mark, refill, svg, write } from "./dom.js";
import { figure, rounded, ticks } from "./numbers.js";
import { toPrincipal } from "./keys.js";

const LIFE_SIZE = [368, 18]; // pixels of the barcode and of the pictures below it
const ASKED = 250; // milliseconds between two wishes, at least

/**
 * A function that asks the server for a document whenever what it depends on has changed, at most four times a second.
 * @param page the page
 * @param name of the order
 * @param wanted answers what the order says
 */
export function asker(page, name, wanted) {
  let asked = "";
  let sent = 0;
  let due = null;
  const ask = () => {
    due = null;
    const order = { do: name, ...wanted() };
    if (order.principal === null && name === "card") return; // let go before it was asked for
    const text = JSON.stringify([page.store.setup.run, order]);
    if (text === asked && page.lookedAt === name) return;
    [asked, sent, page.lookedAt] = [text, performance.now(), name];
    page.send(order);
  };
  return () => {
    due ??= setTimeout(ask, Math.max(0, sent + ASKED - performance.now()));
  };
}

/** Of an action by its code: its name and ink. */
export function actionOf(page, code) {
  return page.store.setup.actions.find((action) => action.code === code) ?? { name: "", ink: "abstain" };
}

/** Choose the principal on whose mark a click falls; by its place, for what is under the pointer may just be redrawn. */
export function chooseIn(page, el) {
  el.addEventListener("click", (event) => {
    const hit = event.target.closest("[data-principal]")
      ?? document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-principal]");
    if (hit && el.contains(hit)) page.set({ principal: Number(hit.dataset.principal) });
  });
}

/** The card. */
export function principalCard(page) {
  const name = html("h2", { class: "cw-card-name" });
  const does = html("span", { class: "cw-card-does" });
  const turn = (text, words, step) => html("button", { type: "button", class: "cw-turn", "aria-label": words,
                                                       onclick: () => toPrincipal(page, step) }, text);
  const life = html("canvas", { class: "cw-life" });
  const ends = html("p", { class: "cw-life-ends" });
  const numbers = html("div", { class: "cw-card-numbers" });
  const asks = askBlock(page);
  const [above, below] = [sectionsIn(page), sectionsIn(page)];
  const el = html("aside", { class: "cw-card", "aria-label": "principal" },
    html("div", { class: "cw-card-head" }, name, does, turn("‹", "principal before", -1), turn("›", "principal after", 1)),
    life, ends, numbers, above.el, asks.el, below.el);
  const ask = asker(page, "card", () => ({ principal: page.state.principal, round: page.state.round }));
  let drawn = null;

  const update = () => {
    const { principal } = page.state;
    if (principal === null) return;
    ask();
    const card = page.docs.card?.index === principal ? page.docs.card : glimpse(page, principal);
    if (card) drawLife(page, life, card);
    asks.update(card);
    if (!card || card === drawn) return;
    drawn = card;
    const ink = actionOf(page, card.action).ink;
    write(name, card.name);
    refill(does, mark(ink), ` ${card.does}`);
    does.className = `cw-card-does cw-text-${ink}`;
    refill(ends, html("span", {}, card.life.last ? `round ${card.life.first}` : "not played yet"),
      html("span", {}, card.life.last > card.life.first ? String(card.life.last) : ""));
    refill(numbers, card.numbers.map(numberOf));
    above.update(card.sections.filter((section) => section.kind !== "rows"));
    below.update(card.sections.filter((section) => section.kind === "rows"));
  };
  return { el, update };
}

/** What the marks that are here tell of a principal until its card comes, and all there is where no server answers. */
function glimpse(page, index) {
  const { marks, newest } = page.store;
  const now = page.store.marksAt(page.round)?.actions[index];
  if (now === undefined) return null;
  const rounds = [...marks.keys()].filter((round) => round > 0).sort((a, b) => a - b);
  const actions = rounds.map((round) => marks.get(round).actions[index]);
  return { index, name: page.store.setup.names?.[index] ?? `Principal ${index}`, action: now, does: actionOf(page, now).does,
           life: { first: rounds[0] ?? 0, last: newest, actions }, numbers: [], asks: [], sections: [] };
}

/** What it did in every round, as a barcode: rounds after the one shown pale. */
function drawLife(page, canvas, card) {
  const { first, last, actions } = card.life;
  const [width, height] = LIFE_SIZE;
  const scale = window.devicePixelRatio || 1;
  const key = [card.index, last, actions.length, page.round, page.root.dataset.theme, scale].join();
  if (canvas.dataset.key === key) return;
  canvas.dataset.key = key;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const pen = canvas.getContext("2d");
  const inks = new Map(page.store.setup.actions.map(({ code, ink }) => [code, page.colour(ink)]));
  const wide = canvas.width / Math.max(1, actions.length);
  actions.forEach((code, i) => {
    const round = first + (i * (last - first)) / Math.max(1, actions.length - 1);
    pen.globalAlpha = round > page.round + 0.5 ? 0.3 : 1;
    pen.fillStyle = inks.get(code);
    pen.fillRect(Math.floor(i * wide), 0, Math.ceil(wide), canvas.height);
  });
}

function numberOf({ title, unit, text, course }) {
  return html("div", {}, html("p", { class: "cw-quiet" }, unit ? `${title}, ${unit}` : title),
    html("p", { class: "cw-number-text" }, text), sparkline(course));
}

function sparkline(course) {
  const known = course.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (i) => (84 * i) / Math.max(1, course.length - 1);
  const y = (value) => (high > low ? 19 - (18 * (value - low)) / (high - low) : 10);
  return svg("svg", { class: "cw-spark", viewBox: "0 0 84 20", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { d: lineThrough(course, x, y), class: "cw-spark-line" }));
}

/** A path through what is known of some values. */
export function lineThrough(values, x, y) {
  let pen = "M";
  return values.map((value, i) => {
    if (value === null) return (pen = "M") && "";
    const point = `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return point;
  }).join("");
}

// Sections. Each keeps its element while its title stays, so that folds and the focus outlive an update.

function sectionsIn(page) {
  const el = html("div");
  const kept = new Map();
  const update = (sections) => {
    const shown = sections.map((section) => {
      const key = `${section.kind} ${section.folded ? section.title : sections.indexOf(section)}`;
      if (!kept.has(key)) kept.set(key, sectionShell(section));
      const shell = kept.get(key);
      write(shell.head, section.title);
      refill(shell.body, DRAWN[section.kind](page, section));
      return shell.el;
    });
    if (shown.some((each, i) => el.children[i] !== each) || el.children.length !== shown.length) refill(el, shown);
  };
  return { el, update };
}

function sectionShell({ folded, kind }) {
  const body = html("div", { class: `cw-section-${kind}` });
  const head = html(folded ? "summary" : "h3", { class: "cw-section-head" });
  return { head, body, el: html(folded ? "details" : "section", { class: "cw-section" }, head, body) };
}

const DRAWN = {
  text: (page, { text }) => [html("p", { class: "cw-quiet" }, text)],
  rows: (page, { rows }) => [html("table", { class: "cw-table" }, html("tbody", {}, rows.map(([what, text, only]) =>
    html("tr", { hidden: only && page.state.eye === false },
      html("td", {}, what, only ? eye() : null), html("td", { class: "cw-right" }, text)))))],
  waterfall: waterfallOf,
  bars: barsOf,
};

/** The sign of what only the simulation knows. */
export function eye() {
  return svg("svg", { class: "cw-eye-sign", width: 14, height: 10, viewBox: "-7 -5 14 10", role: "img",
                      "aria-label": "only the simulation knows this" },
    svg("path", { d: "M-6.5 0Q0 -7 6.5 0Q0 7 -6.5 0z" }), svg("circle", { r: 1.8 }));
}

/** From the chance anybody would have had to its own, thing by thing. */
function waterfallOf(page, { text, rows, action, note }) {
  const { ink } = actionOf(page, action);
  const steps = rows.flatMap((row) => {
    const filled = row.is === "base" || (row.is === "part" && !row.gain) ? "" : `cw-ground-${ink}`;
    const place = `left:${100 * row.low}%;width:${100 * (row.high - row.low)}%`;
    const side = row.is === "whole" && row.high > 0.3 ? "cw-said-inside" : row.is === "part" ? "cw-said-before" : "cw-said-after";
    return [html("span", { class: `cw-step-${row.is}${row.is === "whole" ? ` cw-text-${ink}` : ""}` }, row.text),
      html("span", { class: "cw-step" }, html("span", { class: `cw-step-bar ${filled}`, style: place },
        html("span", { class: `${side} ${row.gain ? `cw-text-${ink}` : ""}` }, row.said)))];
  });
  return [html("p", { class: "cw-quiet" }, text), html("div", { class: "cw-waterfall" }, steps), html("p", { class: "cw-note" }, note)];
}

function barsOf(page, { unit, rows, note }) {
  const most = Math.max(...rows.map((row) => Math.abs(row.value)), 1e-12);
  return [html("div", { class: "cw-bars" }, rows.flatMap((row) => {
    const { ink } = actionOf(page, row.action);
    return [html("span", { class: `cw-key cw-text-${ink}` }, mark(ink, 10), row.text),
      html("span", { class: "cw-row" }, html("span", { class: `cw-bar-line cw-ground-${ink}${row.value < 0 ? " cw-below-nothing" : ""}`,
                                                       style: `width:${(170 * Math.abs(row.value)) / most}px` }),
        row.said, row.did ? html("span", { class: "cw-quiet" }, "what it did") : null)];
  })), html("p", { class: "cw-note" }, `${unit}; ${note}`)];
}

// What if it did something else?

function askBlock(page) {
  const buttons = html("div", { class: "cw-asks" });
  const answer = html("div", { class: "cw-answer", "aria-live": "polite" });
  const el = html("section", { class: "cw-section", "aria-label": "what if" }, buttons, answer);
  let offered = null;
  let drawn = null;
  const update = (card) => {
    if (!card) return;
    const { run } = page.store.setup;
    const offer = `${run} ${card.index} ${card.action} ${card.asks.length}`;
    if (offer !== offered) {
      offered = offer;
      const other = [...card.asks].sort((a, b) => (a.action === card.action) - (b.action === card.action));
      refill(buttons, other.length ? html("strong", {}, "What if it") : null, other.map((ask) =>
        html("button", { type: "button", class: "cw-button", "aria-label": ask.text, onclick: () => page.send(
          { do: "ask", principal: card.index, action: ask.action ?? null, line: ask.line ?? null }) },
        ask.text.replace("What if it ", ""))));
    }
    const found = page.docs.answer?.principal === card.index ? page.docs.answer : null;
    for (const button of buttons.querySelectorAll("button")) button.disabled = Boolean(found?.busy);
    if (found === drawn) return;
    drawn = found;
    refill(answer, !found ? [] : found.busy ? [html("p", { class: "cw-quiet" }, `${found.busy} …`)]
      : found.lines ? futuresOf(found) : []);
    if (found?.lines) answer.scrollIntoView({ block: "nearest" });
  };
  return { el, update };
}

/** Both mean courses with their bands, and the sentence. */
function futuresOf({ title, sentence, first, last, unit, lines, note }) {
  const [left, right, top, bottom] = [40, 270, 8, 96];
  const all = lines.flatMap((line) => [...line.low, ...line.high]);
  const [low, high] = rounded(Math.min(...all), Math.max(...all));
  const x = (i) => left + ((right - left) * i) / Math.max(1, last - first);
  const y = (value) => bottom - ((bottom - top) * (value - low)) / (high - low);
  const ends = lines.map((line) => y(line.mean[line.mean.length - 1]));
  if (Math.abs(ends[0] - ends[1]) < 14) {
    const [upper, middle] = [ends[0] <= ends[1] ? 0 : 1, (ends[0] + ends[1]) / 2];
    [ends[upper], ends[1 - upper]] = [middle - 7, middle + 7];
  }
  const grid = ticks(low, high, 3).map((tick) => [
    svg("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "cw-grid" }),
    svg("text", { x: left - 5, y: y(tick) + 4, class: "cw-tick", "text-anchor": "end" }, figure(tick))]);
  const drawn = lines.map((line, k) => [
    svg("path", { d: `${lineThrough(line.high, x, y)}${lineThrough([...line.low].reverse(), (i) => x(line.low.length - 1 - i), y).replace("M", "L")}z`,
                  class: `cw-band cw-fill-rule-${2 * k}` }),
    svg("path", { d: lineThrough(line.mean, x, y), class: `cw-line cw-ink-rule-${2 * k}` }),
    svg("text", { x: right + 6, y: ends[k] + 4, class: `cw-name cw-text-rule-${2 * k}` }, line.name)]);
  return [html("h3", { class: "cw-section-head" }, title), html("p", {}, sentence),
    html("p", { class: "cw-note" }, unit),
    svg("svg", { class: "cw-futures", viewBox: "0 0 368 116", role: "img", "aria-label": sentence }, grid.flat(), drawn.flat(),
      [[first, left], [last, right]].map(([round, at]) =>
        svg("text", { x: at, y: bottom + 16, class: "cw-tick", "text-anchor": "middle" }, String(round)))),
    html("p", { class: "cw-note" }, `${note}; asked in round ${first - 1}`)];
}

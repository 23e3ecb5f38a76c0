// The card of the principal that is looked at: its life, its numbers, why it does what it does, and what if it did not.

import { bandPath, endNames, gridOf, scaleOver } from "./axes.js";
import { asker, eye } from "./asking.js";
import { changes, html, mark, press, refill, svg, write } from "./dom.js";
import { toPrincipal } from "./keys.js";
import { later } from "./later.js";
import { along, lineThrough } from "./lines.js";
import { rounded } from "./numbers.js";
import { actionOf, nameOf } from "./society.js";
import { quiet, tableOf } from "./tables.js";

const LIFE_SIZE = [368, 18]; // pixels of the barcode
const [NAMES_GAP, NAMES_HIGH] = [2, 6]; // and of the names beneath it, where they count
const FUTURES = { left: 40, right: 270, top: 8, bottom: 96, ticks: 3 }; // where both futures lie in their picture

later.card = (page) => {
  const name = html("h2", { class: "cw-card-name" });
  const does = html("span", { class: "cw-card-does" });
  const turn = (sign, words, step) => press(sign, () => toPrincipal(page, step), "cw-turn", { "aria-label": words });
  const life = html("canvas", { class: "cw-life" });
  const ends = html("p", { class: "cw-life-ends" });
  const numbers = html("div", { class: "cw-card-numbers" });
  const asks = askBlock(page);
  const [above, below] = [sectionsIn(page), sectionsIn(page)];
  const el = html("aside", { class: "cw-card", "aria-label": "principal" },
    html("div", { class: "cw-card-head" }, name, does, turn("‹", "principal before", -1), turn("›", "principal after", 1)),
    life, ends, numbers, above.el, asks.el, below.el);
  const ask = asker(page, "card", () => ({ principal: page.state.principal, round: page.state.round }));
  const differs = changes();

  const update = () => {
    const { principal } = page.state;
    if (principal === null) return;
    ask();
    const card = page.docs.card?.index === principal ? page.docs.card : glimpse(page, principal);
    if (!card) return;
    drawLife(page, life, card);
    asks.update(card);
    if (!differs(card, page.state.eye)) return;
    const { ink } = actionOf(page.store.setup, card.action);
    const { first, last } = card.life;
    write(name, card.name);
    refill(does, mark(ink), ` ${card.does}`);
    does.className = `cw-card-does cw-text-${ink}`;
    refill(ends, html("span", {}, last ? `round ${first}` : "not played yet"),
      card.life.bad ? html("span", {}, "marked beneath: bad name") : null, html("span", {}, last > first ? last : ""));
    refill(numbers, card.numbers.map(numberOf));
    above.update(card.sections.filter(({ kind }) => kind !== "rows"));
    below.update(card.sections.filter(({ kind }) => kind === "rows"));
  };
  return { el, update };
};

/** What the marks that are here tell of a principal until its card comes, and all there is where no server answers. */
function glimpse(page, index) {
  const { setup, marks, newest } = page.store;
  const action = page.store.marksAt(page.round)?.actions[index];
  if (action === undefined) return null;
  const rounds = [...marks.keys()].filter((round) => round > 0).sort((a, b) => a - b);
  const actions = rounds.map((round) => marks.get(round).actions[index]);
  const badAt = (round) => (marks.get(round).told[index] >> 6) & 1;
  return { index, name: nameOf(setup, index, "Principal "), action, does: actionOf(setup, action).does,
           life: { first: rounds[0] ?? 0, last: newest, actions, bad: setup.named && rounds.map(badAt) }, numbers: [], asks: [], sections: [] };
}

/** What it did in every round, as a barcode: rounds after the one shown pale. */
function drawLife(page, canvas, card) {
  const { first, last, actions, bad } = card.life;
  const [width, high] = LIFE_SIZE;
  const height = bad ? high + NAMES_GAP + NAMES_HIGH : high;
  const scale = window.devicePixelRatio || 1;
  const key = [card.index, last, actions.length, page.round, page.root.dataset.theme, scale].join();
  if (canvas.dataset.key === key) return;
  canvas.dataset.key = key;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  const inks = new Map(page.store.setup.actions.map(({ code, ink }) => [code, page.colour(ink)]));
  const names = ["line", "ink"].map((ink) => page.colour(ink)); // good, bad
  const wide = canvas.width / Math.max(1, actions.length);
  actions.forEach((code, i) => {
    const round = first + (i * (last - first)) / Math.max(1, actions.length - 1);
    pen.globalAlpha = round > page.round + 0.5 ? 0.3 : 1;
    pen.fillStyle = inks.get(code);
    pen.fillRect(Math.floor(i * wide), 0, Math.ceil(wide), high * scale);
    if (!bad) return;
    pen.fillStyle = names[bad[i]];
    pen.fillRect(Math.floor(i * wide), (high + NAMES_GAP) * scale, Math.ceil(wide), NAMES_HIGH * scale);
  });
}

function numberOf({ title, unit, text, course }) {
  return html("div", {}, html("p", { class: "cw-quiet" }, unit ? `${title}, ${unit}` : title),
    html("p", { class: "cw-number-text" }, text), sparkline(course));
}

function sparkline(course) {
  const known = course.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const y = high > low ? along(low, high, 19, 1) : () => 10;
  const x = (i) => (84 * i) / Math.max(1, course.length - 1);
  return svg("svg", { class: "cw-spark", viewBox: "0 0 84 20", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { d: lineThrough(course, x, y), class: "cw-spark-line" }));
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

const DRAWN = { text: (page, { text }) => quiet(text), rows: rowsOf, waterfall: waterfallOf, bars: barsOf,
                table: (page, { headers, rows }) => tableOf({ headers, rows, sides: ["", "", ...headers.slice(2).map(() => "cw-right")] }) };

const note = (words) => html("p", { class: "cw-note" }, words);

/** What is known of it; what only the simulation knows has its sign, and can be hidden. */
function rowsOf(page, { rows }) {
  const shown = rows.filter(([, , only]) => !only || page.state.eye !== false);
  return tableOf({ rows: shown.map(([what, text, only]) => [[what, only ? eye() : null], text]), sides: ["", "cw-right"] });
}

/** From the chance anybody would have had to its own, thing by thing. */
function waterfallOf(page, { text, rows, action, note: said }) {
  const { ink } = actionOf(page.store.setup, action);
  const steps = rows.flatMap((row) => {
    const filled = row.is === "base" || (row.is === "part" && !row.gain) ? "" : `cw-ground-${ink}`;
    const place = `left:${100 * row.low}%;width:${100 * (row.high - row.low)}%`;
    const side = row.is === "whole" && row.high > 0.3 ? "cw-said-inside" : row.is === "part" ? "cw-said-before" : "cw-said-after";
    return [html("span", { class: `cw-step-${row.is}${row.is === "whole" ? ` cw-text-${ink}` : ""}` }, row.text),
      html("span", { class: "cw-step" }, html("span", { class: `cw-step-bar ${filled}`, style: place },
        html("span", { class: `${side} ${row.gain ? `cw-text-${ink}` : ""}` }, row.said)))];
  });
  return [quiet(text), html("div", { class: "cw-waterfall" }, steps), note(said)];
}

function barsOf(page, { unit, rows, note: said }) {
  const most = Math.max(...rows.map((row) => Math.abs(row.value)), 1e-12);
  return [html("div", { class: "cw-bars" }, rows.flatMap((row) => {
    const { ink } = actionOf(page.store.setup, row.action);
    return [html("span", { class: `cw-key cw-text-${ink}` }, mark(ink, 10), row.text),
      html("span", { class: "cw-row" }, html("span", { class: `cw-bar-line cw-ground-${ink}${row.value < 0 ? " cw-below-nothing" : ""}`,
                                                       style: `width:${(170 * Math.abs(row.value)) / most}px` }),
        row.said, row.did ? html("span", { class: "cw-quiet" }, "what it did") : null)];
  })), note(`${unit}; ${said}`)];
}

// What if it did something else?

function askBlock(page) {
  const buttons = html("div", { class: "cw-asks" });
  const answer = html("div", { class: "cw-answer", "aria-live": "polite" });
  const el = html("section", { class: "cw-section", "aria-label": "what if" }, buttons, answer);
  const [offerDiffers, answerDiffers] = [changes(), changes()];
  const askFor = (card, { text, action = null, line = null }) => press(text.replace("What if it ", ""),
    () => page.send({ do: "ask", principal: card.index, action, line }), "cw-button", { "aria-label": text });
  const update = (card) => {
    if (offerDiffers(page.store.setup.run, card.index, card.action, card.asks.length)) {
      const others = card.asks.toSorted((a, b) => (a.action === card.action) - (b.action === card.action));
      refill(buttons, others.length ? html("strong", {}, "What if it") : null, others.map((each) => askFor(card, each)));
    }
    const found = page.docs.answer?.principal === card.index ? page.docs.answer : null;
    for (const button of buttons.querySelectorAll("button")) button.disabled = Boolean(found?.busy);
    if (!answerDiffers(found)) return;
    refill(answer, found?.busy ? quiet(`${found.busy} …`) : found?.lines ? futuresOf(found) : null);
    if (found?.lines) answer.scrollIntoView({ block: "nearest" });
  };
  return { el, update };
}

/** Both mean courses with their bands, and the sentence. */
function futuresOf({ title, sentence, first, last, unit, lines, note: said }) {
  const all = lines.flatMap((line) => [...line.low, ...line.high]);
  const [low, high] = rounded(Math.min(...all), Math.max(...all));
  const scale = scaleOver({ ...FUTURES, low, high, first, last });
  const ink = (k) => `rule-${2 * k}`;
  return [html("h3", { class: "cw-section-head" }, title), html("p", {}, sentence), note(unit),
    svg("svg", { class: "cw-futures", viewBox: "0 0 368 116", role: "img", "aria-label": sentence },
      gridOf(scale, [[first, first], [last, last]]),
      lines.map((line, k) => [
        svg("path", { d: bandPath(line.low, line.high, scale), class: `cw-band cw-fill-${ink(k)}` }),
        svg("path", { d: lineThrough(line.mean, (i) => scale.x(first + i), scale.y), class: `cw-line cw-ink-${ink(k)}` }),
      ]),
      endNames(scale, lines.map(({ name, mean }, k) => ({ text: name, value: mean.at(-1), look: `cw-text-${ink(k)}` })))),
    note(`${said}; asked in round ${first - 1}`)];
}

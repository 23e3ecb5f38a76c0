// The society: what each principal does, has and is worth, as marks on a disc or a small grid.

import { html, mark, refill, write } from "./dom.js";
import { brief, figure, pure, signed } from "./numbers.js";
import { coursePanel } from "./axes.js";
import { principalCard } from "./card.js";
import { principalsPicture, svgPen } from "./picture.js";
import { latticePart } from "./lattice.js";

const BASE = 560; // pixels across the picture that sizes are for
const [SMALLEST, LARGEST] = [6, 17]; // pixels, radius of a mark where there is room
const CELLS = 400; // principals on a lattice that are drawn as marks
const RINGED = 200; // principals in view that have rings
const SHAPED = 2000; // and a shape; more are dots
const SHADES = 12; // of rings
const REACH = 14; // pixels from its middle within which a principal is meant, at least

/** Corners of the shapes of actions, for a mark of radius 1; a circle where there are none. */
const CORNERS = {
  "free-ride": [[-0.84, -0.84], [0.84, -0.84], [0.84, 0.84], [-0.84, 0.84]],
  defect: [[0, -1.07], [1.05, 0.8], [-1.05, 0.8]],
  abstain: [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
};
/** What rings show: the ends of their scale, and what a place on it is a part of. */
const RINGS = { reputation: ["0", "1", ""], credit: ["0", "the most", " of the most"],
                "own model": ["0", "the shared one", " of the shared one"] };

/** The view Society: the picture, and beside it courses or the card of who is looked at. */
export function societyView(page) {
  const stage = html("div", { class: "cw-society-stage" });
  const courses = html("div", { class: "cw-society-courses" });
  const card = principalCard(page);
  const el = html("div", { class: "cw-society" }, stage, html("div", { class: "cw-society-side" }, courses, card.el));
  let [run, part, panels] = [null, null, []];
  const update = () => {
    const { setup } = page.store;
    if (setup.run !== run) {
      run = setup.run;
      part = setup.places.kind === "lattice" && setup.principals > CELLS ? latticePart(page) : discPart(page);
      panels = setup.panels.slice(0, 2).map((panel) => coursePanel(page, panel));
      refill(stage, part.el);
      refill(courses, part.aside, ...panels.map((panel) => panel.el));
    }
    el.classList.toggle("cw-one-chosen", page.state.principal !== null);
    card.update();
    panels.forEach((panel) => panel.update());
    part.update();
  };
  return { el, update, table: () => societyTable(page), svg: () => part.svg(), where: (i) => part.where(i),
           picture: () => part.picture };
}

/** Everybody as a mark. */
function discPart(page) {
  const { setup } = page.store;
  const points = pointsOf(setup.places, setup.principals);
  const grid = hitGrid(points);
  const spacing = spacingOf(points, grid);
  const legend = legendOf(page);
  let scene = null;
  let top = 0;
  const picture = principalsPicture(page, {
    at: (x, y) => principalAt(scene, grid, x, y),
    where: (i) => scene.where(i),
    next: (i, key) => towards(points, i, key, scene.wide, scene.high),
    words: (i) => readOut(page, i),
    most: Math.max(4, Math.sqrt(setup.principals) / 4),
    label: `${figure(setup.principals)} principals. Arrow keys go to the nearest, Enter chooses.`,
  });
  const el = html("div", { class: "cw-disc" }, picture.el, legend.el);

  const update = () => {
    const marks = page.store.marksAt(page.round);
    const [wide, high] = roomOf(el, legend);
    if (!marks || wide < 60 || high < 60) return;
    picture.fit(Math.floor(Math.min(wide, 1.3 * high)), Math.floor(Math.min(high, 1.1 * wide)));
    if (marks.sizes) for (const size of marks.sizes) if (size > top) top = size;
    scene = sceneOf(page, { points, spacing, marks, top }, picture);
    legend.update(marks, scene.ringed);
    const key = [page.round, setup.ring, page.state.eye, top, marks.number];
    picture.draw(key, (pen) => drawSociety(pen, scene), (pen) => drawLooked(pen, scene, page.state));
  };
  const svg = () => {
    const pen = svgPen(scene.wide, scene.high + 34);
    drawSociety(pen, scene);
    drawLooked(pen, scene, { ...page.state, hover: null });
    drawLegend(pen, scene, scene.high + 22, "");
    return pen.document();
  };
  return { el, picture, update, where: (i) => scene.where(i), svg };
}

/** The room for a picture above its legend, in pixels. */
export function roomOf(el, legend) {
  return [el.clientWidth, el.clientHeight - legend.el.offsetHeight];
}

/** Where N principals stand, to the right and down in [0, 1], one after the other. */
export function pointsOf(places, count) {
  if (places.kind === "lattice") {
    const { rows, columns } = places;
    const at = (place, all) => 0.5 + (0.96 * (place - (all - 1) / 2)) / Math.max(rows, columns);
    return Float32Array.from({ length: 2 * count }, (_, k) =>
      k % 2 ? at(Math.floor((k >> 1) / columns), rows) : at((k >> 1) % columns, columns));
  }
  const bytes = Uint8Array.from(atob(places.points), (letter) => letter.charCodeAt(0));
  return Float32Array.from({ length: 2 * count }, (_, k) => (bytes[2 * k] + 256 * bytes[2 * k + 1]) / 65535);
}

/**
 * Points by the cells of a grid, so that few are looked at to find the nearest to a place.
 * @returns a function that answers which is the nearest within a reach, and how far; units across and down may differ
 */
export function hitGrid(points) {
  const side = Math.max(1, Math.floor(Math.sqrt(points.length / 4)));
  const cells = Array.from({ length: side * side }, () => []);
  const cell = (value) => Math.min(side - 1, Math.max(0, Math.floor(value * side)));
  for (let i = 0; i < points.length / 2; i++) cells[cell(points[2 * i]) + side * cell(points[2 * i + 1])].push(i);
  return (x, y, reach, wide = 1, high = 1, but = -1) => {
    let [found, least] = [null, reach];
    for (let row = cell(y - reach / high); row <= cell(y + reach / high); row++)
      for (let column = cell(x - reach / wide); column <= cell(x + reach / wide); column++)
        for (const i of cells[column + side * row]) {
          const far = Math.hypot((points[2 * i] - x) * wide, (points[2 * i + 1] - y) * high);
          if (far <= least && i !== but) [found, least] = [i, far];
        }
    return [found, least];
  };
}

/** Distance to the nearest other that nine in ten have, in sides of the picture; of many, of a sample. */
function spacingOf(points, grid) {
  const count = points.length / 2;
  const near = [];
  for (let i = 0; i < count; i += Math.ceil(count / 500))
    near.push(grid(points[2 * i], points[2 * i + 1], 3 / Math.sqrt(count), 1, 1, i)[1]);
  return near.sort((a, b) => a - b)[Math.floor(near.length / 10)];
}

/** The nearest principal in the direction of an arrow key, within 45 degrees; the first where nobody is looked at. */
export function towards(points, from, key, wide, high) {
  if (from === null) return 0;
  const [right, down] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  let [found, least] = [from, Infinity];
  for (let i = 0; i < points.length / 2; i++) {
    const [x, y] = [(points[2 * i] - points[2 * from]) * wide, (points[2 * i + 1] - points[2 * from + 1]) * high];
    const [ahead, aside, far] = [x * right + y * down, Math.abs(x * down + y * right), Math.hypot(x, y)];
    if (ahead > 0 && aside <= ahead && far < least) [found, least] = [i, far];
  }
  return found;
}

Object.assign(pure, { hitGrid, towards, pointsOf });

/** Everything that a picture of the society is drawn from. */
function sceneOf(page, { points, spacing, marks, top }, { wide, high, zoom, left, top: above }) {
  const { setup } = page.store;
  const side = Math.min(wide, high);
  const scale = side / BASE;
  const room = (spacing * side * zoom) / 2;
  const inView = setup.principals / zoom ** 2;
  const ringed = setup.sized && inView <= RINGED;
  const most = Math.max(1, Math.min(LARGEST * scale * Math.sqrt(zoom), ringed ? 0.74 * room - 3 : 0.9 * room));
  const [low, high2] = [Math.min(SMALLEST * scale, 0.5 * most) ** 2, most ** 2]; // radii squared: areas tell sizes
  const radius = (i) => !marks.sizes ? 0.8 * most
    : Math.sqrt(low + (high2 - low) * Math.min(1, Math.max(0, top > 0 ? marks.sizes[i] / top : 0)));
  const place = (x, y) => [left + x * wide * zoom, above + y * high * zoom];
  const where = (i) => {
    const [x, y] = place(points[2 * i], points[2 * i + 1]);
    return { x, y, r: radius(i) };
  };
  return { setup, marks, wide, high, zoom, side, scale, ringed, most, place, where, eye: page.state.eye !== false,
           dots: inView > SHAPED, gap: Math.min(4 * scale, Math.max(1.5, 0.25 * most)), colours: coloursOf(page) };
}

/** Colours of the theme, looked up once a drawing. */
export function coloursOf(page) {
  const inks = page.store.setup.actions.flatMap(({ ink }) => [ink, `${ink}-text`, `${ink}-field`]);
  const names = ["ink", "quiet", "line", "paper", "chosen", "free-ride-edge", ...inks];
  return Object.fromEntries(names.map((name) => [name, page.colour(name)]));
}

function principalAt(scene, grid, x, y) {
  const [left, top] = scene.place(0, 0);
  const [wide, high] = [scene.wide * scene.zoom, scene.high * scene.zoom];
  const reach = Math.max(REACH, scene.most + scene.gap);
  const [found, far] = grid((x - left) / wide, (y - top) / high, reach, wide, high);
  return found !== null && far <= Math.max(REACH, scene.where(found).r + scene.gap) ? found : null;
}

/** Draw with any pen: edges, rings, marks, crosses. */
function drawSociety(pen, scene) {
  const { setup, marks, colours, wide, high } = scene;
  drawBetween(pen, scene);
  const seen = [];
  for (let i = 0; i < setup.principals; i++) {
    const at = { i, ...scene.where(i) };
    if (at.x > -30 && at.y > -30 && at.x < wide + 30 && at.y < high + 30) seen.push(at);
  }
  if (scene.ringed) drawRings(pen, scene, seen);
  for (const { code, ink } of setup.actions) {
    const those = seen.filter(({ i }) => marks.actions[i] === code);
    if (scene.dots) drawDots(pen, colours[ink], those, Math.max(2, Math.round(1.7 * scene.most)));
    else drawMarks(pen, colours, ink, those);
  }
  if (scene.eye && marks.struck) drawCrosses(pen, colours.ink, seen.filter(({ i }) => marks.struck[i]));
}

/** Acquaintances' edges, and the discs of groups. */
function drawBetween(pen, { setup, colours, where, place, side, zoom }) {
  const { edges = [], discs = [] } = setup.places;
  Object.assign(pen, { strokeStyle: colours.line, lineWidth: 1 });
  pen.beginPath();
  for (let k = 0; k < edges.length; k += 2) line(pen, where(edges[k]), where(edges[k + 1]));
  for (const [x, y, r] of discs) circle(pen, ...place(x, y), r * side * zoom + 12);
  pen.stroke();
}

function line(pen, from, to) {
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
}

function circle(pen, x, y, r) {
  pen.moveTo(x + r, y);
  pen.arc(x, y, r, 0, 2 * Math.PI);
}

/** Rings from faint to strong, those of one shade together. */
function drawRings(pen, { marks, colours, scale, gap, setup }, seen) {
  const shades = Array.from({ length: SHADES + 1 }, () => []);
  for (const at of seen) shades[Math.round((marks.rings[at.i] / 65535) * SHADES)].push(at);
  Object.assign(pen, { lineWidth: 1.5 * scale, fillStyle: colours.paper });
  shades.forEach((those, shade) => {
    pen.beginPath();
    for (const { x, y, r } of those) circle(pen, x, y, r + gap);
    if (setup.places.edges?.length) pen.fill();
    pen.strokeStyle = between(colours.paper, colours.ink, 0.2 + (0.7 * shade) / SHADES);
    if (those.length) pen.stroke();
  });
}

/** A colour part of the way from one #rrggbb to another. */
export function between(one, other, part) {
  const [from, to] = [rgb(one), rgb(other)];
  return `rgb(${from.map((value, k) => Math.round(value + part * (to[k] - value)))})`;
}

/** Red, green and blue of #rrggbb. */
export function rgb(colour) {
  return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
}

/** Marks of one action at places `{x, y, r}`. */
export function drawMarks(pen, colours, ink, places) {
  pen.beginPath();
  for (const { x, y, r } of places) {
    if (!CORNERS[ink]) circle(pen, x, y, r);
    else CORNERS[ink].forEach(([right, down], k) => (k ? pen.lineTo(x + right * r, y + down * r) : pen.moveTo(x + right * r, y + down * r)));
    if (CORNERS[ink]) pen.closePath();
  }
  pen.fillStyle = colours[ink];
  pen.fill();
  if (ink !== "free-ride") return;
  Object.assign(pen, { strokeStyle: colours["free-ride-edge"], lineWidth: 1 }); // orange alone is too faint on white
  pen.stroke();
}

function drawDots(pen, colour, places, size) {
  pen.beginPath();
  for (const { x, y } of places) pen.rect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
  pen.fillStyle = colour;
  pen.fill();
}

/** Crosses over those of whom the simulation knows more than they show. */
function drawCrosses(pen, colour, places) {
  Object.assign(pen, { strokeStyle: colour, lineWidth: 1.5 });
  pen.beginPath();
  for (const { x, y, r } of places)
    for (const side of [-r, r]) line(pen, { x: x - side, y: y - r }, { x: x + side, y: y + r });
  pen.stroke();
}

/** A halo around who is chosen, with the number beside it, and a circle around who is pointed at. */
function drawLooked(pen, scene, { principal, hover }) {
  const halo = (at, width) => {
    Object.assign(pen, { lineWidth: width * scene.scale });
    pen.beginPath();
    circle(pen, at.x, at.y, at.r + scene.gap + 6 * scene.scale);
  };
  if (principal !== null && principal < scene.setup.principals) drawChosen(pen, scene, principal, halo);
  if (hover === null || hover === principal) return;
  pen.strokeStyle = scene.colours.quiet;
  halo(scene.where(hover), 1.2);
  pen.stroke();
}

function drawChosen(pen, scene, i, halo) {
  const { colours, setup, marks, scale } = scene;
  const at = { i, ...scene.where(i) };
  Object.assign(pen, { fillStyle: colours.chosen, strokeStyle: colours.ink });
  halo(at, 1.3);
  pen.fill();
  pen.stroke();
  if (scene.ringed) drawRings(pen, scene, [at]);
  drawMarks(pen, colours, setup.actions.find(({ code }) => code === marks.actions[i])?.ink, [at]);
  const off = at.r + scene.gap + 10 * scale;
  const left = at.x + off + 26 > scene.wide;
  Object.assign(pen, { fillStyle: colours.ink, font: `700 ${Math.round(13 * scale)}px Roboto, sans-serif`, textAlign: left ? "right" : "left" });
  pen.fillText(nameOf(setup, i, ""), left ? at.x - off : at.x + off, at.y - 0.4 * off);
}

/** What a principal is called. */
export function nameOf(setup, i, before = "principal ") {
  return setup.names?.[i] ?? `${before}${i}`;
}

/** What is said of a principal that is pointed at. */
export function readOut(page, i) {
  const { setup } = page.store;
  const { actions, sizes, rings } = page.store.marksAt(page.round);
  const { columns } = setup.places;
  const parts = [
    columns ? `row ${Math.floor(i / columns)}, column ${i % columns}` : null,
    sizes ? `${setup.size.name} ${brief(sizes[i])}` : null,
    rings ? `${setup.ring} ${signed(rings[i] / 65535, 2)}${RINGS[setup.ring]?.[2] ?? ""}` : null,
  ];
  return { who: nameOf(setup, i), does: setup.actions.find(({ code }) => code === actions[i])?.does ?? "",
           line: parts.filter(Boolean).join(" · ") };
}

/** What the marks mean, and how many there are of each. What rings show is chosen here. */
export function legendOf(page) {
  const { setup, marks: known } = page.store;
  const counts = setup.actions.map(() => html("span"));
  const keys = setup.actions.map(({ ink, name }, k) =>
    html("span", { class: `cw-key cw-text-${ink}`, "data-action": name }, mark(ink), name, counts[k]));
  const ring = html("select", { class: "cw-ring", "aria-label": "what rings show", onchange: () => {
    setup.ring = ring.value;
    page.send({ do: "ring", ring: ring.value, rounds: [...known.keys()] });
    page.redraw();
  } }, setup.rings.map((name) => html("option", { value: name }, name)));
  const ends = html("span");
  const rings = html("span", {}, " · ring: ", ring, ends);
  const more = html("span", { class: "cw-legend-scale" }, setup.sized ? `size: ${setup.size.name}` : "", rings,
    setup.principals > RINGED ? html("span", {}, setup.sized ? " · " : "", "scroll to zoom, click one for its card") : null);
  const update = (marks, ringed) => {
    countsOf(setup, marks).forEach((count, k) => write(counts[k], figure(count)));
    const [low, high] = RINGS[setup.ring] ?? [];
    const [faint, strong] = page.root?.dataset.theme === "dark" ? ["dark", "light"] : ["light", "dark"];
    rings.hidden = !ringed;
    ring.value = setup.ring;
    write(ends, `, ${low} ${faint} to ${high} ${strong}`);
  };
  return { el: html("div", { class: "cw-legend" }, keys, more), update };
}

/** How many do what, in the order of the setup's actions. */
function countsOf(setup, marks) {
  const found = new Uint32Array(256);
  for (const code of marks.actions) found[code]++;
  return setup.actions.map(({ code }) => found[code]);
}

/** The counts in one line, for a picture that is saved. */
export function drawLegend(pen, { setup, marks, colours }, y, kind) {
  const counts = countsOf(setup, marks);
  let x = 10;
  Object.assign(pen, { textAlign: "left", font: "500 12px Roboto, sans-serif" });
  setup.actions.forEach(({ ink, name }, k) => {
    if (kind) drawDots(pen, colours[ink + kind] || colours[ink], [{ x, y: y - 4 }], 10);
    else drawMarks(pen, colours, ink, [{ x, y: y - 4, r: 5.5 }]);
    pen.fillStyle = colours[`${ink}-text`];
    pen.fillText(`${name} ${figure(counts[k])}`, x + 11, y);
    x += 50 + 6.6 * `${name}${counts[k]}`.length;
  });
}

/** Everybody in the round shown. */
function societyTable(page) {
  const { setup } = page.store;
  const { actions, sizes, rings } = page.store.marksAt(page.round);
  const names = new Map(setup.actions.map(({ code, name }) => [code, name]));
  const headers = ["principal", "does", ...(sizes ? [`${setup.size.name}, ${setup.size.unit}`, setup.ring] : [])];
  const rows = Array.from(actions, (code, i) => [nameOf(setup, i, ""), names.get(code) ?? "",
    ...(sizes ? [Number(sizes[i].toPrecision(7)), Number((rings[i] / 65535).toFixed(4))] : [])]);
  return { title: `Society in round ${page.round}`, headers, rows };
}

// The society: what each principal does, has and is worth, as marks on a disc or a small grid.

import { ARROWS, changes, choice, html, mark, press, refill, sizeOf, write } from "./dom.js";
import { brief, clampedTo, figure, pure, signed } from "./numbers.js";
import { coursePanel } from "./axes.js";
import { principalsPicture } from "./picture.js";
import { wanted } from "./later.js";

const BASE_WIDE = 560; // pixels across the picture that sizes are for
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
/** What the top of a ring's scale is. */
const RING_TOPS = { reputation: "1", credit: "the most", "own model": "the shared one" };

/** The view Society: the picture, and beside it courses or the card of who is looked at. */
export function societyView(page) {
  const stage = html("div", { class: "cw-society-stage" });
  const courses = html("div", { class: "cw-society-courses" });
  const side = html("div", { class: "cw-society-side" }, courses);
  const el = html("div", { class: "cw-society" }, stage, side);
  const view = { el, part: null, table: () => societyTable(page) };
  const differs = changes();
  let [run, panels, card] = [null, [], null];
  const begin = ({ places, principals, panels: told }) => {
    const makePart = places.kind === "lattice" && principals > CELLS ? wanted(page, "lattice") : discPart;
    [view.part, panels] = [makePart?.(page) ?? null, []]; // those of another run are of other measures
    if (!view.part) return;
    run = page.store.setup.run;
    panels = told.slice(0, 2).map((panel) => coursePanel(page, panel));
    refill(stage, view.part.el);
    refill(courses, view.part.aside, panels.map((panel) => panel.el));
  };
  view.update = () => {
    const { setup, length } = page.store;
    const { principal, hover, stretch, pointed } = page.state;
    if (setup.run !== run) begin(setup);
    if (!card && (principal ?? hover) !== null) { // here when one is chosen: pointing comes before
      card = wanted(page, "card")?.(page);
      if (card) side.append(card.el);
    }
    el.classList.toggle("cw-one-chosen", principal !== null);
    const seen = [setup.run, length, page.round, pointed, stretch?.from, stretch?.to, ...Object.values(sizeOf(courses))];
    if (differs(view.part, ...seen)) panels.forEach((panel) => panel.update()); // not for each principal that is pointed at
    card?.update();
    view.part?.update();
  };
  return view;
}

function discPart(page) {
  const { places, principals } = page.store.setup;
  const points = pointsOf(places, principals);
  const legend = legendOf(page);
  let [scene, top] = [null, 0];
  const where = (i) => scene.where(i);
  const picture = principalsPicture(page, {
    where,
    at: (x, y) => principalAt(scene, points, x, y),
    next: (i, key) => towards(points, i, key, scene.wide, scene.high),
    words: (i) => readOut(page, i),
    most: Math.max(4, Math.sqrt(principals) / 4),
    vector: true,
    label: `${figure(principals)} principals. Arrow keys go to the nearest, Enter chooses.`,
  });
  const el = html("div", { class: "cw-disc" }, picture.el, legend.el);
  const update = whereRoom(page, el, legend, (marks, wide, high) => {
    for (const size of marks.sizes ?? []) if (size > top) top = size;
    const sheet = { ...picture, wide: Math.floor(Math.min(wide, 1.3 * high)), high: Math.floor(Math.min(high, 1.1 * wide)) };
    scene = sceneOf(page, points, marks, top, sheet);
    const names = namesOf(page);
    legend.update(marks, scene.ringed);
    picture.draw(sheet.wide, sheet.high, marks, [top, scene.eye, !names], (pen) => drawSociety(pen, scene, names),
      (pen) => [drawLooked, names?.drawRequests].forEach((draw) => draw?.(pen, scene, page.state)));
  });
  return { el, picture, where, update };
}

/** An update that draws the marks of the round shown above a legend, where there is room. */
export function whereRoom(page, el, legend, draw) {
  return () => {
    const marks = page.store.marksAt(page.round);
    const { width, height } = sizeOf(el);
    const high = height - sizeOf(legend.el).height;
    if (marks && width >= 60 && high >= 60) draw(marks, width, high);
  };
}

/** Where N principals stand, each to the right and down in [0, 1]. */
function pointsOf(places, count) {
  const { kind, rows, columns, spacing } = places;
  const cell = (place, all) => 0.5 + spacing * (place - (all - 1) / 2);
  const bytes = Uint8Array.from(atob(places.points ?? ""), (letter) => letter.charCodeAt(0));
  return Float32Array.from({ length: 2 * count }, kind === "lattice"
    ? (_, k) => (k % 2 ? cell(Math.floor((k >> 1) / columns), rows) : cell((k >> 1) % columns, columns))
    : (_, k) => (bytes[2 * k] + 256 * bytes[2 * k + 1]) / 65535);
}

/** The nearest point, and how far it is; units across and down may differ. */
function nearestTo(points, x, y, wide, high) {
  let [found, least] = [null, Infinity];
  for (let i = 0; i < points.length / 2; i++) {
    const far = ((points[2 * i] - x) * wide) ** 2 + ((points[2 * i + 1] - y) * high) ** 2;
    if (far < least) [found, least] = [i, far];
  }
  return [found, Math.sqrt(least)];
}

/** The nearest principal in the direction of an arrow key, within 45 degrees; the first where nobody is looked at. */
function towards(points, from, key, wide, high) {
  if (from === null) return 0;
  const [right, down] = ARROWS[key];
  let [found, least] = [from, Infinity];
  for (let i = 0; i < points.length / 2; i++) {
    const [x, y] = [(points[2 * i] - points[2 * from]) * wide, (points[2 * i + 1] - points[2 * from + 1]) * high];
    const [ahead, aside, far] = [x * right + y * down, Math.abs(x * down + y * right), Math.hypot(x, y)];
    if (ahead > 0 && aside <= ahead && far < least) [found, least] = [i, far];
  }
  return found;
}

Object.assign(pure, { nearestTo, towards, pointsOf });

function sceneOf(page, points, marks, top, { wide, high, zoom, left, top: above }) {
  const { setup } = page.store;
  const side = Math.min(wide, high);
  const scale = side / BASE_WIDE;
  const room = (setup.places.spacing * side * zoom) / 2;
  const inView = setup.principals / zoom ** 2;
  const ringed = setup.sized && inView <= RINGED;
  const most = Math.max(1, Math.min(LARGEST * scale * Math.sqrt(zoom), ringed ? 0.74 * room - 3 : 0.9 * room));
  const least = Math.min(SMALLEST * scale, 0.5 * most);
  const radius = (i) => !marks.sizes ? 0.8 * most // areas tell sizes
    : Math.sqrt(least ** 2 + (most ** 2 - least ** 2) * clampedTo(marks.sizes[i] / top || 0, 0, 1));
  const place = (x, y) => [left + x * wide * zoom, above + y * high * zoom];
  const where = (i) => {
    const [x, y] = place(points[2 * i], points[2 * i + 1]);
    return { i, x, y, r: radius(i) };
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

function principalAt({ wide, high, zoom, place, where, gap }, points, x, y) {
  const [left, top] = place(0, 0);
  const [across, down] = [wide * zoom, high * zoom];
  const [found, far] = nearestTo(points, (x - left) / across, (y - top) / down, across, down);
  return far <= Math.max(REACH, where(found).r + gap) ? found : null;
}

/** What is drawn and said of names. */
const namesOf = (page) => page.store.setup.named && wanted(page, "names")?.(page);

function drawSociety(pen, scene, names) {
  const { setup, marks, colours } = scene;
  drawBetween(pen, scene);
  const seen = Array.from({ length: setup.principals }, (_, i) => scene.where(i)).filter(({ x, y }) =>
    x > -30 && y > -30 && x < scene.wide + 30 && y < scene.high + 30);
  if (scene.ringed) drawRings(pen, scene, seen);
  for (const { code, ink } of setup.actions) {
    const those = seen.filter(({ i }) => marks.actions[i] === code);
    if (scene.dots) drawDots(pen, colours[ink], those, Math.max(2, Math.round(1.7 * scene.most)));
    else drawMarks(pen, colours, ink, those);
  }
  if (scene.eye) drawCrosses(pen, scene, seen.filter(({ i }) => marks.struck[i]));
  names?.drawBad(pen, scene, seen);
}

/** Draw one path: fill it, stroke it or both, by the styles that it is given. */
export function inked(pen, styles, path) {
  Object.assign(pen, styles);
  pen.beginPath();
  path();
  if (styles.fillStyle) pen.fill();
  if (styles.strokeStyle) pen.stroke();
}

/** Acquaintances' edges, and the discs of groups. */
function drawBetween(pen, { setup, colours, where, place, side, zoom }) {
  const { edges = [], discs = [] } = setup.places;
  inked(pen, { strokeStyle: colours.line, lineWidth: 1 }, () => {
    for (let k = 0; k < edges.length; k += 2) lineOn(pen, where(edges[k]), where(edges[k + 1]));
    for (const [x, y, r] of discs) circleOn(pen, ...place(x, y), r * side * zoom + 12);
  });
}

export function lineOn(pen, from, to) {
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
}

function circleOn(pen, x, y, r) {
  pen.moveTo(x + r, y);
  pen.arc(x, y, r, 0, 2 * Math.PI);
}

/** Rings from faint to strong, those of one shade together. */
function drawRings(pen, { marks, colours, scale, gap, setup }, seen) {
  const [paper, ink] = [rgb(colours.paper), rgb(colours.ink)];
  const fillStyle = setup.places.edges?.length ? colours.paper : ""; // edges end at the ring
  for (let shade = 0; shade <= SHADES; shade++) {
    const part = 0.2 + (0.7 * shade) / SHADES;
    const strokeStyle = `rgb(${paper.map((value, k) => Math.round(value + part * (ink[k] - value)))})`;
    inked(pen, { lineWidth: 1.5 * scale, fillStyle, strokeStyle }, () => {
      for (const { i, x, y, r } of seen)
        if (Math.round((marks.rings[i] / 65535) * SHADES) === shade) circleOn(pen, x, y, r + gap);
    });
  }
}

/** Red, green and blue of #rrggbb. */
export function rgb(colour) {
  return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
}

/** Marks of one action at places `{x, y, r}`. */
export function drawMarks(pen, colours, ink, places) {
  const corners = CORNERS[ink];
  const strokeStyle = ink === "free-ride" ? colours["free-ride-edge"] : ""; // orange alone is too faint on white
  inked(pen, { fillStyle: colours[ink], strokeStyle, lineWidth: 1 }, () => {
    for (const { x, y, r } of places) {
      if (!corners) circleOn(pen, x, y, r);
      corners?.forEach(([right, down], k) => pen[k ? "lineTo" : "moveTo"](x + right * r, y + down * r));
      if (corners) pen.closePath();
    }
  });
}

function drawDots(pen, fillStyle, places, size) {
  inked(pen, { fillStyle }, () => {
    for (const { x, y } of places) pen.rect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
  });
}

/** Crosses over those of whom the simulation knows more than they show. */
function drawCrosses(pen, { colours, most }, places) {
  inked(pen, { strokeStyle: colours.ink, lineWidth: Math.min(1.5, 0.2 * most) }, () => {
    for (const { x, y, r } of places)
      for (const side of [-r, r]) lineOn(pen, { x: x - side, y: y - r }, { x: x + side, y: y + r });
  });
}

/** A halo around who is chosen, with the number beside it, and a circle around who is pointed at. */
function drawLooked(pen, scene, { principal, hover }) {
  const { colours, setup, marks, scale, gap } = scene;
  const halo = ({ x, y, r }, strokeStyle) =>
    inked(pen, { strokeStyle, lineWidth: 1.3 * scale }, () => circleOn(pen, x, y, r + gap + 6 * scale));
  if (hover !== null && hover !== principal) halo(scene.where(hover), colours.quiet);
  if (principal === null) return;
  const at = scene.where(principal);
  halo(at, colours.ink);
  pen.fillStyle = colours.chosen;
  pen.fill();
  if (scene.ringed) drawRings(pen, scene, [at]);
  drawMarks(pen, colours, actionOf(setup, marks.actions[principal]).ink, [at]);
  const off = at.r + gap + 10 * scale;
  const name = nameOf(setup, principal, "");
  const [wide, y] = [8 * scale * name.length, at.y - 0.4 * off];
  const x = at.x + off + wide > scene.wide ? at.x - off - wide : at.x + off;
  inked(pen, { fillStyle: colours.paper }, () => pen.rect(x - 2, y - 12 * scale, wide + 3, 15 * scale)); // over others' marks
  Object.assign(pen, { fillStyle: colours.ink, font: `700 ${Math.round(13 * scale)}px Roboto` });
  pen.fillText(name, x, y);
}

export function nameOf(setup, i, before = "principal ") {
  return setup.names?.[i] ?? `${before}${i}`;
}

/** An action of the setup by its code. */
export function actionOf(setup, code) {
  return setup.actions.find((action) => action.code === code) ?? { name: "", does: "", ink: "abstain" };
}

/** What is said of a principal that is pointed at. */
export function readOut(page, i) {
  const { setup } = page.store;
  const { actions, sizes, rings } = page.store.marksAt(page.round);
  const { columns } = setup.places;
  const of = setup.ring === "reputation" ? "" : ` of ${RING_TOPS[setup.ring]}`;
  const parts = [columns ? `row ${Math.floor(i / columns)}, column ${i % columns}` : null,
                 sizes ? `${setup.size.name} ${brief(sizes[i])}` : null,
                 rings ? `${setup.ring} ${signed(rings[i] / 65535, 2)}${of}` : null, namesOf(page)?.said(i)];
  return { who: nameOf(setup, i), does: actionOf(setup, actions[i]).does, line: parts.filter(Boolean).join(" · ") };
}

/** What the marks mean, and how many there are of each. What rings show is chosen here. */
export function legendOf(page) {
  const { setup, marks: known } = page.store;
  const counts = setup.actions.map(() => html("span"));
  const keys = setup.actions.map(({ ink, name }, k) =>
    html("span", { class: `cw-key cw-text-${ink}`, "data-action": ink }, mark(ink), name, counts[k]));
  const ring = choice("what rings show", (chosen) => {
    setup.ring = chosen;
    page.send({ do: "ring", ring: chosen, rounds: [...known.keys()] });
    page.redraw();
  }, "cw-ring");
  const ends = html("span");
  const rings = html("span", {}, "· ring: ", ring, ends);
  const struck = press("", () => page.set({ eye: page.state.eye === false }), "cw-key cw-eye",
    { title: "updates that the quality gate dropped" });
  const more = html("span", { class: "cw-quiet" }, setup.sized ? `size: ${setup.size.name} ` : "", rings,
    setup.principals > RINGED ? " · scroll to zoom, click one for its card".slice(setup.sized ? 0 : 3) : "");
  const update = (marks, ringed) => {
    const found = new Uint32Array(256);
    for (const code of marks.actions) found[code]++;
    setup.actions.forEach(({ code }, k) => write(counts[k], figure(found[code])));
    const [faint, strong] = page.root.dataset.theme === "dark" ? ["dark", "light"] : ["light", "dark"];
    const dropped = marks.struck.reduce((sum, one) => sum + one, 0);
    struck.hidden = !dropped;
    struck.setAttribute("aria-pressed", page.state.eye !== false);
    write(struck, `× dropped ${figure(dropped)}`);
    rings.hidden = !ringed;
    ring.offer(setup.rings.map((name) => [name, name]), setup.ring);
    write(ends, `, 0 ${faint} to ${RING_TOPS[setup.ring]} ${strong}`);
  };
  return { el: html("div", { class: "cw-legend" }, keys, more, struck), update };
}

function societyTable(page) {
  const { setup } = page.store;
  const { actions, sizes, rings } = page.store.marksAt(page.round);
  const headers = ["principal", "does", ...(sizes ? [`${setup.size.name}, ${setup.size.unit}`, setup.ring] : [])];
  const rows = Array.from(actions, (code, i) => [nameOf(setup, i, ""), actionOf(setup, code).name,
    ...(sizes ? [Number(sizes[i].toPrecision(7)), Number((rings[i] / 65535).toFixed(4))] : [])]);
  const table = { title: `Society in round ${page.round}`, headers, rows };
  return namesOf(page)?.beside(table) ?? table;
}

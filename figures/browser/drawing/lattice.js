// A lattice as an image, a cell a principal, with a frame to drag and what is in it magnified.

import { ARROWS, html, pointIn, write } from "./dom.js";
import { clampedTo, figure } from "./numbers.js";
import { coloursOf, drawMarks, legendOf, readOut, rgb, whereRoom } from "./society.js";
import { later } from "./later.js";
import { penOf, principalsPicture, screenPixels } from "./picture.js";

const FRAMED = 12; // cells across the frame
const MAGNIFIED = 14; // pixels of a cell that is drawn as a mark

/** Everybody as a cell. */
later.lattice = (page) => {
  const { setup } = page.store;
  const { rows, columns } = setup.places;
  const frame = frameOf(rows, columns);
  const image = html("canvas", { width: columns, height: rows });
  const legend = legendOf(page);
  const piece = pieceOf(page, frame);
  const cell = () => (picture.wide / columns) * picture.zoom;
  const cellAt = (x, y) => [(y - picture.top) / cell(), (x - picture.left) / cell()].map(Math.floor);
  const where = (i) => ({ x: picture.left + ((i % columns) + 0.5) * cell(),
                          y: picture.top + (Math.floor(i / columns) + 0.5) * cell(), r: cell() / 2 });
  const picture = principalsPicture(page, {
    where,
    at(x, y) {
      const [row, column] = cellAt(x, y);
      return Math.min(row, column) >= 0 && row < rows && column < columns ? row * columns + column : null;
    },
    next(i, key, far) {
      const from = i ?? (frame.row + 6) * columns + frame.column + 6;
      const [right, down] = ARROWS[key].map((step) => step * (far ? FRAMED : 1));
      const row = clampedTo(Math.floor(from / columns) + down, 0, rows - 1);
      const column = clampedTo((from % columns) + right, 0, columns - 1);
      frame.move(clampedTo(frame.row, row - frame.high + 1, row), clampedTo(frame.column, column - frame.wide + 1, column));
      return row * columns + column;
    },
    words: (i) => readOut(page, i),
    grab(x, y) {
      const [row, column] = cellAt(x, y);
      const [down, right] = [row - frame.row, column - frame.column];
      if (Math.min(down, right) < 0 || down >= frame.high || right >= frame.wide) return null;
      return (toX, toY) => {
        const [toRow, toColumn] = cellAt(toX, toY);
        frame.move(toRow - down, toColumn - right);
      };
    },
    most: Math.max(4, Math.max(rows, columns) / 15),
    label: `${figure(setup.principals)} principals in ${rows} rows and ${columns} columns. ` +
      "Arrow keys go through them and take the frame along, Enter chooses.",
  });
  const el = html("div", { class: "cw-lattice" }, picture.el, legend.el);
  let scene = null;
  const update = whereRoom(page, el, legend, (marks, wide, high) => {
    const ratio = screenPixels(el);
    const side = Math.max(1, Math.floor(ratio * Math.min(wide / columns, high / rows))) / ratio; // whole pixels: crisp
    scene = { setup, marks, colours: coloursOf(page) };
    legend.update(marks, false);
    picture.draw(side * columns, side * rows, marks, "", (pen) => {
      paintCells(image, scene);
      pen.imageSmoothingEnabled = cell() * ratio < 1;
      pen.drawImage(image, picture.left, picture.top, cell() * columns, cell() * rows);
    }, (pen) => drawOver(pen, scene.colours, frame, where, cell(), page.state));
    piece.update(scene);
  });
  return { el, picture, aside: piece.el, where, update };
};

/** The frame: which cells are magnified. */
function frameOf(rows, columns) {
  const frame = { high: Math.min(FRAMED, rows), wide: Math.min(FRAMED, columns) };
  frame.move = (row, column) => {
    frame.row = clampedTo(row, 0, rows - frame.high);
    frame.column = clampedTo(column, 0, columns - frame.wide);
  };
  frame.move(Math.floor(0.43 * rows), Math.floor(0.59 * columns));
  return frame;
}

/** One pixel a cell. */
function paintCells(image, { setup, marks, colours }) {
  const pen = image.getContext("2d");
  const data = pen.createImageData(image.width, image.height);
  const pixels = new Uint32Array(data.data.buffer);
  const paint = new Uint32Array(256);
  for (const { code, ink } of setup.actions) {
    const [red, green, blue] = rgb(colours[`${ink}-field`] || colours[ink]);
    paint[code] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
  marks.actions.forEach((code, i) => (pixels[i] = paint[code]));
  pen.putImageData(data, 0, 0);
}

/** The frame, and the cells that are pointed at and chosen: dark lines that a light one sets off. */
function drawOver(pen, colours, frame, where, cell, { principal, hover }) {
  const { x, y, r } = where(0);
  const boxes = [[x - r + frame.column * cell, y - r + frame.row * cell, frame.wide * cell, frame.high * cell]];
  for (const i of [principal, hover]) {
    const at = where(i);
    if (i !== null) boxes.push([at.x - at.r - 2, at.y - at.r - 2, 2 * at.r + 4, 2 * at.r + 4]);
  }
  for (const box of boxes)
    for (const [colour, width] of [[colours.paper, 4], [colours.ink, 2]]) {
      Object.assign(pen, { strokeStyle: colour, lineWidth: width });
      pen.strokeRect(...box);
    }
}

/** What is in the frame, as marks. */
function pieceOf(page, frame) {
  const { actions, places } = page.store.setup;
  const canvas = html("canvas");
  const words = html("p", { class: "cw-context" });
  const at = (event) => {
    const { x, y } = pointIn(canvas, event);
    const within = (pixels, count) => clampedTo(Math.floor((pixels - 5) / MAGNIFIED), 0, count - 1);
    return (frame.row + within(y, frame.high)) * places.columns + frame.column + within(x, frame.wide);
  };
  canvas.addEventListener("pointermove", (event) => page.set({ hover: at(event) }));
  canvas.addEventListener("pointerleave", () => page.set({ hover: null }));
  canvas.addEventListener("click", (event) => page.set({ principal: at(event) }));
  const update = ({ marks, colours }) => {
    const pen = penOf(canvas, frame.wide * MAGNIFIED + 6, frame.high * MAGNIFIED + 6);
    const seen = Array.from({ length: frame.high * frame.wide }, (_, k) => {
      const [row, column] = [Math.floor(k / frame.wide), k % frame.wide];
      const i = (frame.row + row) * places.columns + frame.column + column;
      return { i, x: 10 + MAGNIFIED * column, y: 10 + MAGNIFIED * row, r: 5 };
    });
    pen.fillStyle = colours.chosen;
    for (const { i, x, y } of seen)
      if (i === page.state.principal || i === page.state.hover) pen.fillRect(x - 7, y - 7, MAGNIFIED, MAGNIFIED);
    for (const { code, ink } of actions) drawMarks(pen, colours, ink, seen.filter(({ i }) => marks.actions[i] === code));
    const span = (from, count) => `${from}–${from + count - 1}`;
    write(words, `Rows ${span(frame.row, frame.high)}, columns ${span(frame.column, frame.wide)}. ` +
      "The frame in the picture can be dragged.");
  };
  return { el: html("div", { class: "cw-piece" }, canvas, words), update };
}

// Sharing: a link that plays the same run, its command line, the view as picture or numbers, the run as one file.

import { html, refill, tableOf } from "./dom.js";
import { pictureOf } from "./export.js";

/** The button Share with the menu that it opens. */
export function shareButton(page) {
  const list = html("div", { class: "cw-share-list", hidden: true });
  const button = html("button", { type: "button", class: "cw-button", "aria-expanded": "false", onclick: () => turn() }, "Share");
  const el = html("div", { class: "cw-share" }, button, list);
  const turn = (open = list.hidden) => {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    refill(list, ...entries(page));
    page.send({ do: "share" });
    list.querySelector("button")?.focus();
  };
  page.share = () => turn();
  el.addEventListener("keydown", (event) => event.key === "Escape" && (turn(false), button.focus(), event.stopPropagation()));
  const outside = (event) => el.contains(event.target) || turn(false);
  document.addEventListener("pointerdown", outside);
  page.closed.push(() => document.removeEventListener("pointerdown", outside));
  let told = null;
  const update = () => {
    if (page.docs.file) saveFile(page);
    if (page.docs.share !== told && !list.hidden) refill(list, ...entries(page));
    told = page.docs.share;
  };
  return { el, update };
}

function entries(page) {
  const made = (name, what, action) => html("button", { type: "button", class: "cw-share-entry", onclick: action },
    html("span", { class: "cw-strong" }, name), html("span", { class: "cw-quiet" }, what));
  const { share } = page.docs;
  const title = `${page.store.setup.name}-${page.state.view}`;
  const picture = () => pictureOf(page.el.querySelector(".cw-view"));
  return [
    share?.link ? made("Copy link", "plays the same run, on this machine", () => copy(linkOf(page, share))) : null,
    share?.command ? made("Copy command", share.command, () => copy(share.command)) : null,
    made("Picture as SVG", "of this view", () => save(`${title}.svg`, picture().text, "image/svg+xml")),
    made("Picture as PNG", "of this view, twice as fine", () => savePng(`${title}.png`, picture())),
    made("Numbers as CSV", "of this view", () => save(`${title}.csv`, csvOf(page.shown.table()), "text/csv")),
    made("Numbers as a table", "of this view", () => showTable(page)),
    share?.ledger ? made("Ledger as CSV", "all transfers kept", () => page.send({ do: "transfers" })) : null,
    share?.file === false ? null : made("Run as one file", "opens without a server", () => page.send({ do: "file" })),
  ].filter(Boolean);
}

/** The address of this run: scenario, seed and changed fields, and what is looked at. */
export function linkOf(page, share) {
  const { view, principal } = page.state;
  const parts = new URLSearchParams({ ...share.link, view, round: page.round, newest: page.store.newest });
  if (principal !== null) parts.set("principal", principal);
  return `${location.href.split("#")[0]}#${parts}`;
}

/** Play the run that the address names, if it names one. Looks follow when it is there. */
export function followLink(page) {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.get("scenario")) return;
  const settings = {};
  for (const [name, value] of parts) if (name.startsWith("set.")) settings[name.slice(4)] = JSON.parse(value);
  const newest = Number(parts.get("newest")) || 0;
  page.send({ do: "link", scenario: parts.get("scenario"), seed: parts.get("seed") ?? "0", settings, round: newest });
  const there = () => {
    if (page.store.setup.name !== parts.get("scenario") || page.store.newest < newest) return;
    page.listeners.delete(there);
    page.set({ view: parts.get("view") || "society",
               principal: parts.has("principal") ? Number(parts.get("principal")) : null });
    page.look(Number(parts.get("round") ?? newest));
  };
  page.on(there);
}

function copy(text) {
  navigator.clipboard?.writeText(text);
  window.commonweal.copied = text;
}

/** Save text or bytes as a file of the reader's. */
export function save(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  html("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function saveFile(page) {
  const { name, text, type } = page.docs.file;
  page.docs.file = null;
  save(name, text, type);
}

function savePng(name, { text, width, height }) {
  const image = new Image();
  image.onload = () => {
    const canvas = html("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((bytes) => save(name, bytes, "image/png"));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

/** A table as CSV after RFC 4180. */
export function csvOf({ headers, rows }) {
  const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [headers, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Every picture has its table. */
export function showTable(page) {
  const close = html("button", { type: "button", class: "cw-button", onclick: () => dialog.close() }, "Close");
  const dialog = html("dialog", { class: "cw-dialog", "aria-label": "as table" }, tableOf(page.shown.table()), close);
  dialog.addEventListener("close", () => dialog.remove());
  page.root.append(dialog);
  dialog.showModal();
}

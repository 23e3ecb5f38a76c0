// Sharing: a link that plays the same run, its command line, the view as picture or numbers, the run as one file.

import { changes, html, press, refill } from "./dom.js";
import { later } from "./later.js";
import { tableOf } from "./tables.js";
import { pictureOf } from "./export.js";
import { followLink, linkOf } from "./link.js";

/** The menu that the button Share in `el` opens. */
later.share = (page, el, button) => {
  const list = html("div", { class: "cw-share-list", hidden: true });
  const turn = (open = list.hidden) => {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    refill(list, entries(page));
    page.send({ do: "share" });
    list.querySelector("button")?.focus();
  };
  el.append(list);
  el.addEventListener("keydown", (event) => event.key === "Escape" && (turn(false), button.focus(), event.stopPropagation()));
  const outside = (event) => el.contains(event.target) || turn(false);
  document.addEventListener("pointerdown", outside);
  page.closed.push(() => document.removeEventListener("pointerdown", outside));
  const differs = changes();
  const update = () => {
    if (page.docs.file) saveFile(page);
    if (differs(page.docs.share) && !list.hidden) renew();
  };
  /** New entries; the one of the same name has the focus where one had it: else Escape goes unheard. */
  const renew = () => {
    const nameOf = (entry) => entry.firstChild.textContent;
    const had = list.contains(document.activeElement) && nameOf(document.activeElement);
    refill(list, entries(page));
    if (had) ([...list.children].find((each) => nameOf(each) === had) ?? list.firstChild).focus();
  };
  followLink(page);
  return { turn, update };
};

function entries(page) {
  const made = (name, what, action) => press([html("span", { class: "cw-strong" }, name), html("span", { class: "cw-quiet" }, what)],
    action, "cw-share-entry");
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
  ];
}

function copy(text) {
  navigator.clipboard?.writeText(text);
  window.commonweal.copied = text;
}

/** Save text or bytes as a file of the reader's. */
function save(name, content, type) {
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
function csvOf({ headers, rows }) {
  const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [headers, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Every picture has its table. */
function showTable(page) {
  const dialog = html("dialog", { class: "cw-dialog", "aria-label": "as table" }, tableOf(page.shown.table()),
    press("Close", () => dialog.close()));
  dialog.addEventListener("close", () => dialog.remove());
  page.root.append(dialog);
  dialog.showModal();
}

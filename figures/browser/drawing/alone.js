// A run in one file: the page without a server. What was sent is in the file, and playing is showing round after round.

import { mount } from "./page.js";

/** Answer the page from what was kept. */
export function alone(el, { documents, rows, marks }) {
  let drawing = null;
  let playing = null;
  let speed = 10;
  const state = (changes) => {
    const last = documents.find((document) => document.kind === "state");
    Object.assign(last, changes);
    drawing.receive({ ...last }, []);
  };
  const stop = () => {
    clearInterval(playing);
    playing = null;
    state({ playing: false });
  };
  const play = () => {
    const { store } = window.commonweal;
    let round = window.commonweal.round >= store.newest ? 0 : window.commonweal.round;
    playing = setInterval(() => {
      window.commonweal.look(++round);
      if (round >= store.newest) stop();
    }, speed ? 1000 / speed : 20);
    state({ playing: true });
  };
  const answers = {
    hello: () => documents.forEach((document) =>
      drawing.receive({ ...document }, document.kind === "frame" ? [bytes(rows), bytes(marks)] : [])),
    play, pause: stop,
    step: () => window.commonweal.look(window.commonweal.round + 1),
    again: () => window.commonweal.look(0),
    speed: (said) => { speed = said.speed; state({ speed }); },
    share: () => drawing.receive({ kind: "share", file: false }, []),
  };
  drawing = mount(el, "page", (said) => setTimeout(() => answers[said.do]?.(said), 0));
}

/** Bytes from their text. */
function bytes(text) {
  return new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

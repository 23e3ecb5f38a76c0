// What the browser knows of the run that is shown: measures of every round, and marks of those that were sent.

const MOST = 64e6; // bytes of marks kept
const AROUND = 600; // bytes that a round's arrays take beside what they hold

export function makeStore() {
  const store = { setup: null, newest: -1, length: 0, courses: {}, marks: new Map(), bytes: 0 };

  store.begin = (setup) => {
    Object.assign(store, { setup, newest: -1, length: 0, marks: new Map(), bytes: 0 });
    store.courses = Object.fromEntries(setup.measures.map((name) => [name, new Float32Array(256)]));
  };

  /** Take in a frame; false where rounds before it are missing. */
  store.take = (frame, rows, marks) => {
    if (frame.first > store.length + 1) return false;
    const names = store.setup.measures;
    const values = floats(rows);
    const begin = frame.first - 1;
    const end = begin + frame.rounds;
    grow(store, end);
    for (let round = begin; round < end; round++)
      names.forEach((name, place) => (store.courses[name][round] = values[(round - begin) * names.length + place]));
    store.length = Math.max(store.length, end);
    store.newest = Math.max(store.newest, frame.round);
    store.keep(frame.marks, marks);
    return true;
  };

  store.keep = (rounds, buffer) => {
    const { principals, sized, named } = store.setup;
    const sent = principals * (sized ? (named ? 9 : 7) : 1);
    const held = sent + 2 * principals + AROUND;
    rounds.forEach((round, place) => store.marks.set(round, marksOf(buffer, place * sent, store.setup)));
    for (const round of store.marks.keys()) {
      if (store.marks.size * held <= MOST) break;
      store.marks.delete(round);
    }
    store.bytes = store.marks.size * held;
  };

  /** A measure after a round; NaN where it is not known. */
  store.value = (measure, round) => (round > 0 && round <= store.length ? store.courses[measure][round - 1] : NaN);

  /** The marks of a round, or of the nearest one before it that is here. */
  store.marksAt = (round) => {
    for (let r = round; r >= Math.max(0, round - 200); r--) if (store.marks.has(r)) return store.marks.get(r);
    return null;
  };
  return store;
}

/** Bytes as numbers, wherever they begin: a view of them need not lie where numbers may. */
export function floats(view) {
  return new Float32Array(view?.byteLength ? bytesOf(view, 0, view.byteLength) : 0);
}

function bytesOf(view, from, length) {
  const begin = (view.byteOffset || 0) + from;
  return (view.buffer || view).slice(begin, begin + length);
}

function marksOf(view, from, { principals, sized, named }) {
  const of = (Numbers, place, bytes) => new Numbers(bytesOf(view, from + place * principals, bytes * principals));
  const told = of(Uint8Array, 0, 1);
  return {
    told,
    actions: told.map((code) => code & 63),
    struck: told.map((code) => code >> 7), // by the gate
    sizes: sized ? of(Float32Array, 1, 4) : null,
    rings: sized ? of(Uint16Array, 5, 2) : null,
    requests: sized && named ? of(Uint16Array, 7, 2) : null,
  };
}

function grow(store, length) {
  for (const [name, course] of Object.entries(store.courses)) {
    if (course.length >= length) continue;
    const wider = new Float32Array(Math.max(2 * course.length, length));
    wider.set(course);
    store.courses[name] = wider;
  }
}

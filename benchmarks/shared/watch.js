// Takes the time of what who uses the page waits for, in the page itself. Works in the page that is drawn in the browser
// and in the one before it, which showed pictures made by the server.

(() => {
  const now = () => performance.now();
  const fresh = () => window.commonweal !== undefined;
  const waiting = new Set(); // told of each picture that is painted
  let pictures = 0;

  /** Call back once what was just drawn is on the screen. */
  const painted = (then) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  };
  const told = () => painted(() => {
    pictures += 1;
    for (const each of waiting) each(now());
  });
  document.addEventListener("load", (event) => {
    if (event.target.matches?.(".cw-picture")) requestAnimationFrame(told);
  }, true);

  /** Hear of every frame in which another round is shown. */
  const follow = () => {
    let shown = null;
    window.commonweal.on(() => {
      const { round, store } = window.commonweal;
      if (shown === `${store.setup.run} ${round}`) return;
      shown = `${store.setup.run} ${round}`;
      told();
    });
  };
  const begin = () => {
    if (fresh() && window.commonweal.root && window.commonweal.store.newest >= 0) follow();
    else requestAnimationFrame(begin);
  };
  begin();

  const button = (name) => {
    if (fresh()) return document.querySelector(name === "Step" ? "[aria-label^='one round on']" : ".cw-play");
    return [...document.querySelectorAll(".v-btn")].find((each) => each.textContent.trim() === name);
  };
  const round = () => fresh() ? window.commonweal.round : Number(document.querySelector(".cw-number .cw-value").textContent);
  const quiet = (ms) => new Promise((done) => setTimeout(done, ms));

  /** The time of the next picture. */
  const next = () => new Promise((done) => {
    const once = (at) => {
      waiting.delete(once);
      done(at);
    };
    waiting.add(once);
  });

  /** Milliseconds from a click on Step until the next round is painted. */
  const step = async () => {
    const before = round();
    const began = now();
    const coming = next();
    button("Step").click();
    let at = await coming;
    while (round() <= before) at = await next();
    return at - began;
  };

  const playing = () => fresh() ? window.commonweal.docs.state.playing : !button("Play");

  /** Click on Play and wait until the page says that it plays. */
  const play = async () => {
    button("Play").click();
    while (!playing()) await new Promise(requestAnimationFrame);
  };

  /** Pictures and rounds a second while it goes on by itself. */
  const pace = async (seconds) => {
    const [frames, rounds, began] = [pictures, round(), now()];
    await quiet(1000 * seconds);
    const passed = (now() - began) / 1000;
    return [(pictures - frames) / passed, (round() - rounds) / passed];
  };

  /** Milliseconds from a click on Pause until the last picture is painted and the button says Play. */
  const pause = async () => {
    const began = now();
    let last = began;
    const heard = (at) => (last = at);
    waiting.add(heard);
    button("Pause").click();
    while (playing()) await new Promise(requestAnimationFrame);
    await new Promise(painted);
    last = Math.max(last, now());
    await quiet(700);
    waiting.delete(heard);
    return last - began;
  };

  /** Pictures a second while the pointer, which is down already, goes along an element and back. */
  const scrub = async (seconds) => {
    const el = document.querySelector(fresh() ? ".cw-strip-picture" : ".cw-scrub .v-slider");
    const box = el.getBoundingClientRect();
    const kind = fresh() ? PointerEvent : MouseEvent;
    const [frames, began] = [pictures, now()];
    for (let k = 0; now() - began < 1000 * seconds; k++) {
      const part = 0.5 + 0.45 * Math.sin(k / 25);
      el.dispatchEvent(new kind(fresh() ? "pointermove" : "mousemove", {
        bubbles: true, clientX: box.left + part * box.width, clientY: box.top + 0.6 * box.height, buttons: 1 }));
      await new Promise(requestAnimationFrame);
    }
    return (1000 * (pictures - frames)) / (now() - began);
  };

  /** Milliseconds from pointing at a principal until it is marked. */
  const hover = async (i) => {
    const { shown, state } = window.commonweal;
    const el = document.querySelector(".cw-sheet");
    const box = el.getBoundingClientRect();
    const { x, y } = shown.part.where(i);
    const before = state.hover;
    const began = now();
    el.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: box.left + x, clientY: box.top + y }));
    await new Promise((done) => requestAnimationFrame(() => painted(done)));
    if (state.hover === before) throw new Error(`nobody is pointed at near principal ${i}`);
    return now() - began;
  };

  /** Milliseconds from the beginning of the navigation to the first picture. */
  const first = next();
  window.watch = { step, play, pace, pause, scrub, hover, first };
})();

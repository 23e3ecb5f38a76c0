// Keys.

/** Listen to keys while the page is there. */
export function bindKeys(page) {
  const pressed = (event) => {
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") page.playOrPause();
    else if (event.key === "ArrowLeft") page.look(page.round - (event.shiftKey ? 10 : 1));
    else if (event.key === "ArrowRight") page.look(page.round + (event.shiftKey ? 10 : 1));
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", pressed);
  page.closed.push(() => document.removeEventListener("keydown", pressed));
}

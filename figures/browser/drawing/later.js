// Parts of the module that are sent when what they draw is first looked at.

const AGAIN = 5000; // ms after which a part that has not come is asked for again

/** What later parts make, by their names; each puts its own in. In a run as one file all are there from the beginning. */
export const later = {};

/** What a part makes; nothing until it is here: then it is asked for, and the page is drawn again when it has come. */
export function wanted(page, part) {
  if (!later[part] && !(Date.now() - page.asked[part] < AGAIN)) {
    page.asked[part] = Date.now();
    page.send({ do: "part", part });
  }
  return later[part];
}

/** Do something with what a part makes, at once or when it has come. */
export function withPart(page, part, action) {
  const there = () => {
    if (!wanted(page, part)) return;
    page.listeners.delete(there);
    action(later[part]);
  };
  page.on(there);
  there();
}

/** Take in a part, which imports from this module by its address. */
export async function takePart(page, { text, first }) {
  const told = text.replace(first, () => JSON.stringify(import.meta.url));
  const address = URL.createObjectURL(new Blob([told], { type: "text/javascript" }));
  await import(address);
  URL.revokeObjectURL(address);
  page.redraw();
}

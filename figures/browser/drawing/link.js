// Links: the address of a page holds scenario, seed and changed fields of a run, and what is looked at.

/** The address of the run that is shown. */
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

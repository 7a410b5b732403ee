/* Refresh the watch page every ten seconds while it is visible; without this file there is a link.
   Replaces only the sections that changed, and keeps focus and open details. Screen readers hear only a change of the
   summary. Stops after half an hour without input, so that an open page does not extend the session. */
(() => {
  "use strict";
  const live = document.querySelector("[data-live]");
  const container = document.querySelector("[data-watch]");
  if (!live || !container) return;
  const status = live.querySelector("[data-live-word]");
  const announcer = document.querySelector("[data-live-said]");
  const EVERY = 10000;
  const REST_AFTER = 30 * 60 * 1000;
  let touched = performance.now();
  let timer = 0;
  let resting = false;
  let last = "";

  function say(text) {
    status.hidden = !text;
    status.textContent = text;
  }

  const sentence = (within) => within.querySelector("[data-said]")?.dataset.said ?? "";

  /** Replace the sections that changed. */
  function put(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const before = sentence(container);
    const now = [...fresh.content.children];
    const then = [...container.children];
    const alike = now.length === then.length && now.every((section, index) => section.className.split(" ")[0] === then[index].className.split(" ")[0]);
    const focused = document.activeElement;
    if (alike) now.forEach((section, index) => swap(then[index], section));
    else if (!container.contains(focused)) container.replaceChildren(...now);
    else return; // a keyboard user is reading: try at the next refresh
    const after = sentence(container);
    if (after !== before) announcer.textContent = after;
  }

  function swap(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    fresh.querySelectorAll("details").forEach((details, index) => { details.open = open[index] ?? false; });
    if (old.isEqualNode(fresh) || old.contains(document.activeElement)) return;
    old.replaceWith(fresh);
  }

  async function look() {
    try {
      const reply = await fetch(live.dataset.live, { headers: { Watching: "1" }, redirect: "error", cache: "no-store" });
      if (!reply.ok) throw new Error(String(reply.status));
      const html = await reply.text();
      if (html !== last) put(html);
      last = html;
      say("");
    } catch {
      say(live.dataset.lost);
    }
  }

  async function turn() {
    clearTimeout(timer);
    if (document.hidden) return;
    if (performance.now() - touched > REST_AFTER) {
      resting = true;
      say(live.dataset.resting);
      return;
    }
    await look();
    timer = setTimeout(turn, EVERY);
  }

  function touch() {
    touched = performance.now();
    if (!resting) return;
    resting = false;
    say("");
    turn();
  }

  for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"]) addEventListener(kind, touch, { passive: true });
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : turn()));
  timer = setTimeout(turn, EVERY);
})();

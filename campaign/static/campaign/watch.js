/* The watch page looks again by itself, every ten seconds while somebody can see it. Without this file there is a link.
   Only what changed is put in place; open folds and the focus stay. Aloud is said only that the one sentence changed.
   It rests after half an hour without a touch: a page left open must not keep somebody signed in. */
(() => {
  "use strict";
  const live = document.querySelector("[data-live]");
  const place = document.querySelector("[data-watch]");
  if (!live || !place) return;
  const word = live.querySelector("[data-live-word]");
  const aloud = document.querySelector("[data-live-said]");
  const EVERY = 10000;
  const REST_AFTER = 30 * 60 * 1000;
  let touched = performance.now();
  let timer = 0;
  let resting = false;
  let last = "";

  function say(text) {
    word.hidden = !text;
    word.textContent = text;
  }

  const sentence = (within) => within.querySelector("[data-said]")?.dataset.said ?? "";

  /** Put the new part in the old one's place, section by section, so that what did not change is not touched. */
  function put(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const before = sentence(place);
    const now = [...fresh.content.children];
    const then = [...place.children];
    const alike = now.length === then.length && now.every((one, at) => one.className.split(" ")[0] === then[at].className.split(" ")[0]);
    const held = document.activeElement;
    if (alike) now.forEach((one, at) => swap(then[at], one));
    else if (!place.contains(held)) place.replaceChildren(...now);
    else return; // somebody reads here by keyboard: at the next look
    const after = sentence(place);
    if (after !== before) aloud.textContent = after;
  }

  function swap(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    const open = [...old.querySelectorAll("details")].map((fold) => fold.open);
    fresh.querySelectorAll("details").forEach((fold, at) => { fold.open = open[at] ?? false; });
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

/* Pages of placements: a tag check that refreshes itself. Without this file one presses "Look again". */
(() => {
  "use strict";
  const PAUSE = 2000;
  const live = () => document.querySelector("[data-live]");
  const refresh = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const reply = await fetch(live().dataset.live, { credentials: "same-origin", redirect: "error" });
      if (!reply.ok) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (!fresh) return location.reload(); // the tag check has ended
      if (fresh.innerHTML !== live().innerHTML) live().replaceChildren(...fresh.childNodes);
    } catch {} // try again at the next interval
  };
  if (live()) setInterval(refresh, PAUSE);
})();

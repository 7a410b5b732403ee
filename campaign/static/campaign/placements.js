/* Pages of placements: copy buttons, and a tag check that refreshes itself.
   Without this file one selects the line by hand and presses "Look again". */
(() => {
  "use strict";
  const line = (id) => document.querySelector(`pre[aria-labelledby="${CSS.escape(id)}"] code`);
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const code = line(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(code.textContent);
        label.data = button.dataset.done;
      } catch {
        getSelection().selectAllChildren(code); // no permission, or no https
        label.data = button.dataset.byHand;
      }
    });
  }

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

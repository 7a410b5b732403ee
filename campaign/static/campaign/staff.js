/* Quick exit of the staff pages; without this file it is an ordinary link.
   Blanks the page at once and replaces it in the history of the tab, also when Escape is pressed three times within
   five seconds. It cannot remove earlier pages from the history. */
(() => {
  "use strict";
  const exit = document.querySelector("a[data-exit]");
  if (!exit) return;
  const status = document.querySelector("[data-exit-status]");
  const root = document.documentElement;
  addEventListener("pageshow", () => root.classList.remove("gone")); // restored from the back/forward cache

  function leave() {
    status.textContent = exit.dataset.leaving;
    document.title = "\u200b"; // with an empty title browsers show the address
    root.classList.add("gone");
    location.replace(exit.href);
  }

  exit.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // opens in another tab
    event.preventDefault();
    leave();
  });

  let pressed = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") {
      pressed = [];
      status.textContent = "";
      return;
    }
    if (event.repeat || event.isComposing) return;
    pressed = [...pressed.filter((time) => event.timeStamp - time < 5000), event.timeStamp];
    if (pressed.length >= 3) leave();
    else status.textContent = pressed.length === 2 ? exit.dataset.onceMore : exit.dataset.twiceMore;
  }, true);
})();

/* Copy buttons; without this file one selects the words by hand. */
(() => {
  "use strict";
  const source = (id) =>
    document.getElementById(id + "-copied") ?? document.querySelector(`pre[aria-labelledby="${CSS.escape(id)}"] code`);
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const words = source(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(words.innerText.trim());
        label.data = button.dataset.done;
      } catch {
        getSelection().selectAllChildren(words); // no permission, or no https
        label.data = button.dataset.byHand;
      }
    });
  }
})();

/* The quick exit of the staff pages. Without this file it is an ordinary link.
   With it, the page goes blank at once, the next page takes its place in the history of this tab, and pressing Escape
   three times within five seconds does the same. It cannot clear the pages that were open before. */
(() => {
  "use strict";
  const exit = document.querySelector("a[data-exit]");
  if (!exit) return;
  const status = document.querySelector("[data-exit-status]");
  const root = document.documentElement;
  addEventListener("pageshow", () => root.classList.remove("gone")); // brought back from memory

  function leave() {
    status.textContent = exit.dataset.leaving;
    document.title = "\u200b"; // an empty one would let the address show
    root.classList.add("gone");
    location.replace(exit.href);
  }

  exit.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab, as asked
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
    pressed = [...pressed.filter((at) => event.timeStamp - at < 5000), event.timeStamp];
    if (pressed.length >= 3) leave();
    else status.textContent = pressed.length === 2 ? exit.dataset.onceMore : exit.dataset.twiceMore;
  }, true);
})();

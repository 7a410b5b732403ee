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

/* The notes of terms, under the pointer and at the keyboard; without this file a press opens them. Escape closes them. */
(() => {
  "use strict";
  const noteOf = (button) => document.getElementById(button.getAttribute("popovertarget"));
  const isOpen = (note) => note?.matches(":popover-open") ?? false;
  let hovered = null; // the button whose note the pointer opened
  let timer = 0;

  function show(button) {
    const note = noteOf(button);
    if (note && !isOpen(note)) note.showPopover({ source: button });
    return note;
  }

  function hide(button) {
    if (button && isOpen(noteOf(button)) && !button.matches(":focus-visible")) noteOf(button).hidePopover();
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const button = event.target.closest(".term");
    clearTimeout(timer);
    if (event.target.closest(".term-note")) return; // one can read and copy the note
    timer = setTimeout(() => {
      if (button === hovered && isOpen(button && noteOf(button))) return;
      hide(hovered);
      hovered = button && !isOpen(noteOf(button)) ? button : null;
      if (hovered) show(hovered);
    }, 200);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest(".term") === hovered) hovered = null; // pressed: it stays until Escape or a press elsewhere
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".term:focus-visible")) show(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (event.relatedTarget && event.target.matches(".term")) noteOf(event.target)?.hidePopover();
  });
})();

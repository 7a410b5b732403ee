/* The hosted page, made a little better: every button also works without this file, as an ordinary form.
   It reports when the message was truly on screen and for how long (in four steps), takes a rating without leaving the
   page, and blanks the page at once when someone leaves in a hurry. No cookies, no storage, only /api/v1/events. */
(() => {
  "use strict";

  // A page in a hurry to go goes blank first; brought back from memory it is readable again.
  const root = document.documentElement;
  addEventListener("pageshow", () => root.classList.remove("gone"));
  for (const exit of document.querySelectorAll("[data-exit]")) {
    exit.addEventListener("click", (event) => {
      root.classList.add("gone");
      if (!exit.href) return; // on the message it is the form's own "left" button
      event.preventDefault();
      location.replace(exit.href);
    });
  }

  const form = document.querySelector("form.message");
  if (!form) return;
  const receipt = form.elements.namedItem("receipt").value; // empty: nothing may be counted
  const sent = new Set();

  /** Report one outcome, at most once; resolves to whether it is safe with us. */
  async function record(outcome, value) {
    if (!receipt) return true;
    if (sent.has(outcome)) return false;
    sent.add(outcome);
    try {
      const reply = await fetch("/api/v1/events", {
        method: "POST",
        body: JSON.stringify({ receipt, outcome, value }),
        headers: { "Content-Type": "text/plain" },
        credentials: "omit",
        referrerPolicy: "no-referrer",
        keepalive: true,
      });
      if (!reply.ok) sent.delete(outcome);
      return reply.ok;
    } catch {
      sent.delete(outcome);
      return false;
    }
  }

  // Rating and "this annoyed me" are answered in place.
  const answer = form.querySelector("output");
  form.addEventListener("click", async (event) => {
    const button = event.target.closest("button[name=rating], button[value=annoyed]");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const group = button.name === "rating" ? [...form.querySelectorAll("button[name=rating]")] : [button];
    const mark = (done) => {
      for (const one of group) one.setAttribute("aria-disabled", String(done));
      button.setAttribute("aria-pressed", String(done));
    };
    mark(true);
    answer.value = "";
    const kept = await (button.name === "rating" ? record("rating", Number(button.value)) : record("annoyed"));
    if (!kept) mark(false);
    answer.value = kept ? answer.dataset.thanks : answer.dataset.failed;
  });

  // Seen: the page visible, and half of the message or of the window filled by it, for one second without a break.
  let filled = false;
  let since = 0; // when the current stretch on screen began, 0 while off screen
  let onScreen = 0; // milliseconds of the stretches before
  let timer = 0;
  let exposed = false;

  function look() {
    const visible = filled && document.visibilityState === "visible";
    if (visible === since > 0) return;
    clearTimeout(timer);
    if (!visible) {
      onScreen += performance.now() - since;
      since = 0;
      return;
    }
    since = performance.now();
    if (!exposed) {
      timer = setTimeout(() => {
        exposed = true;
        record("exposed");
      }, 1000);
    }
  }

  new IntersectionObserver(
    ([...entries]) => {
      const { intersectionRatio, intersectionRect } = entries.at(-1);
      filled = intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2;
      look();
    },
    { threshold: Array.from({ length: 21 }, (_, step) => step / 20) },
  ).observe(form.querySelector("main > *"));
  document.addEventListener("visibilitychange", look);

  addEventListener("pagehide", () => {
    if (!exposed) return;
    const seconds = (onScreen + (since && performance.now() - since)) / 1000;
    record("dwell", 1 + [2, 5, 15].filter((edge) => seconds >= edge).length);
  });
})();

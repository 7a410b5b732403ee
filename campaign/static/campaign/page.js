/* Progressive enhancement of the hosted page: without this file every button submits an ordinary form.
   Reports when the message was on screen and for how long (in four steps), sends feedback without leaving the page,
   and blanks the page on the way out. Uses no cookies and no storage but the state of its own
   entry in the tab's history, and calls only /api/v1/events. */
(() => {
  "use strict";

  // The way out: blank at once, then another site in this page's place in the history. It tells nobody, us included.
  const root = document.documentElement;
  const exit = document.querySelector("[data-exit]");
  let gone = false;

  function leave() {
    gone = true;
    root.classList.add("gone");
    document.title = "\u200b"; // with an empty title browsers show the address
    location.replace(navigator.onLine ? exit.dataset.exit : "about:blank");
  }

  exit.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // opens in another tab
    event.preventDefault();
    leave();
  });

  // Nobody types on these pages, so Shift is free: three presses of it alone within five seconds.
  let presses = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "Shift") presses = [];
    else if (!event.repeat) {
      presses = [...presses.filter((time) => event.timeStamp - time < 5000), event.timeStamp];
      if (presses.length >= 3) leave();
    }
  });

  const form = document.querySelector("form.message");
  if (!form) return;
  const field = form.elements.namedItem("receipt");

  // "Do not count me" deletes the view. From then on nothing is sent or asked for, not after a reload either.
  const withdraw = form.querySelector("[data-done]"); // none if nothing is counted
  function showUncounted() {
    form.querySelector(".feedback").remove();
    withdraw.parentElement.textContent = withdraw.dataset.done;
  }

  // One view is one message. A reload, or "Back" to this page, brings words that were drawn anew: those of before take
  // their place, with their receipt, for an hour. They stand in the state of this entry of the tab's history alone.
  const hour = 3_600_000;
  const headline = form.querySelector("h1");
  const body = form.querySelector(".body");
  const [visit] = performance.getEntriesByType("navigation");
  const kept = visit?.type === "navigate" ? null : history.state;
  if (!form.hasAttribute("data-preview")) {
    if (kept && Date.now() - kept.since < hour && (kept.receipt || kept.withdrawn || !field.value)) {
      headline.textContent = kept.headline;
      body.innerHTML = kept.body;
      if (field.value) field.value = kept.receipt;
      if (kept.withdrawn && withdraw) showUncounted();
    } else {
      const words = { headline: headline.textContent, body: body.innerHTML };
      history.replaceState({ since: Date.now(), receipt: field.value, ...words }, "");
    }
  }
  let receipt = field.value; // empty: do not count
  const sent = new Set();

  /** Report one outcome, at most once; resolves to whether the server has stored it. */
  async function record(outcome, value) {
    if (!receipt || gone) return true;
    if (sent.has(outcome)) return false;
    sent.add(outcome);
    try {
      const reply = await fetch("/api/v1/events", {
        method: "POST",
        body: JSON.stringify({ receipt, outcome, value }).padEnd(256), // sizes tell the network nothing
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

  // A choice that leads to a page of ours: that page takes the place of this one, so that Back leads away from us.
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    const page = button?.dataset.page;
    if (!page) return;
    event.preventDefault();
    if (await record(button.value.trim())) return location.replace(page);
    delete button.dataset.page; // not stored: as without this file
    form.requestSubmit(button);
  });

  // Help and "About" are sections of this page. Without this file they are anchors, which the history holds.
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    if (link.dataset.outcome) record(link.dataset.outcome);
    for (const section of form.querySelectorAll(".more")) section.classList.toggle("open", `#${section.id}` === link.hash);
    const target = form.querySelector(link.hash);
    target.focus({ preventScroll: true }); // by itself it would show the end of a long section
    target.scrollIntoView();
  });

  // Ratings and other feedback are sent without leaving the page. A scale is a form field of its own.
  const answer = form.querySelector("output"); // none if nothing is counted
  form.addEventListener("click", async (event) => {
    const button = event.target.closest(".feedback button");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const scale = button.closest("[role=group]");
    const group = scale ? [...scale.querySelectorAll("button")] : [button];
    const mark = (done) => {
      for (const one of group) one.setAttribute("aria-disabled", String(done));
      button.setAttribute("aria-pressed", String(done));
    };
    mark(true);
    answer.value = "";
    const saved = await (scale ? record(button.name, Number(button.value)) : record(button.value.trim()));
    if (!saved) mark(false);
    answer.value = saved ? answer.dataset.thanks : answer.dataset.failed;
  });

  withdraw?.addEventListener("click", async (event) => {
    event.preventDefault();
    if (!(await record(withdraw.value.trim()))) {
      withdraw.textContent = withdraw.dataset.failed;
      return;
    }
    receipt = field.value = "";
    history.replaceState({ ...history.state, receipt, withdrawn: true }, "");
    showUncounted();
  });

  // Exposure: the page is visible and the message fills half of itself or of the window, for one unbroken second.
  let filled = false;
  let since = 0; // start of the current stretch on screen; 0 while off screen
  let onScreen = 0; // milliseconds in earlier stretches
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

/* "How long": the answer follows the numbers as they are typed. Without this file the button "Work it out" does the same.
   The server reckons; this sends the form as the button would, and sets in the answer alone. Nothing is stored by it. */
(() => {
  "use strict";
  const answer = document.querySelector("[data-reckoned]");
  const form = answer?.closest("form");
  if (!form) return;
  let waits = 0;
  let asked = 0;

  async function reckon() {
    const mine = ++asked;
    const said = new FormData(form);
    said.set("do", "work-out");
    try {
      const reply = await fetch(location.href, { method: "POST", body: said, credentials: "same-origin" });
      if (!reply.ok || reply.redirected) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const found = page.querySelector("[data-reckoned]");
      if (!found || mine !== asked) return;
      const open = answer.querySelector("details")?.open;
      answer.className = found.className;
      answer.replaceChildren(...found.childNodes);
      if (open) answer.querySelector("details")?.setAttribute("open", "");
    } catch {
      // No connection: the numbers stay, and the button still asks.
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(reckon, 350);
  });
})();

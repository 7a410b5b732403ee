/* Wizard, "How long": update the sample size as numbers are typed; without this file the button "Work it out" does it.
   Submits the form like the button and replaces only the result. The server computes it and stores nothing. */
(() => {
  "use strict";
  const answer = document.querySelector("[data-estimate]");
  const form = answer?.closest("form");
  if (!form) return;
  let timer = 0;
  let latest = 0;

  async function update() {
    const request = ++latest;
    const fields = new FormData(form);
    fields.set("do", "work-out");
    try {
      const reply = await fetch(location.href, { method: "POST", body: fields, credentials: "same-origin" });
      if (!reply.ok || reply.redirected) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const result = page.querySelector("[data-estimate]");
      if (!result || request !== latest) return;
      const open = answer.querySelector("details")?.open;
      answer.className = result.className;
      answer.replaceChildren(...result.childNodes);
      if (open) answer.querySelector("details")?.setAttribute("open", "");
    } catch {
      // Offline: the numbers stay, and the button still works.
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(update, 350);
  });
})();

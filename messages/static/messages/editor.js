/* Progressive enhancement of the editor; without this file its "Check and preview" button works.
   Saves a draft while typing, and updates the remarks and the preview. Words that the server has not saved yet are kept
   in the storage of this browser until it has. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-editor]");
  if (!form) return;
  const remarks = document.getElementById("said");
  const counted = document.querySelector("[data-counted]");
  const net = form.querySelector("[data-net]");
  const says = net.querySelector("[data-says]");
  const stage = form.querySelector(".stage");
  const UNSENT = "second-thought:unsent:" + form.elements.namedItem("writer").value + ":" + form.dataset.editor;
  const SOON = 600;
  const RETRY = [2000, 4000, 8000, 15000];
  const LOOKS = ["place", "screen", "colours", "direction"];

  document.querySelector("[data-focus]")?.focus();

  // Local copy of words that the server has not acknowledged.
  const NOT_TYPED = new Set(["csrfmiddlewaretoken", "writer", "draft", "base", "digest", "newest", "apart", "beside", ...LOOKS]);
  const typed = () => Object.fromEntries([...new FormData(form)].filter(([name]) => !NOT_TYPED.has(name)));
  const store = {
    put(fields) {
      try { localStorage.setItem(UNSENT, JSON.stringify({ at: new Date().toISOString(), fields })); } catch {}
    },
    take() {
      try { return JSON.parse(localStorage.getItem(UNSENT)); } catch { return null; }
    },
    clear() {
      try { localStorage.removeItem(UNSENT); } catch {}
    },
  };

  function say(line, { signIn = false, well = false } = {}) {
    if (says.textContent !== line) says.textContent = line;
    says.hidden = !line;
    says.classList.toggle("well", well);
    net.querySelector("[data-sign-in]").hidden = !signIn;
  }

  /** Fetch a new CSRF token: the one of a form that is older than the sign-in is invalid. */
  async function renewToken() {
    const reply = await fetch(form.action, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const token = page.querySelector("form[data-editor] [name=csrfmiddlewaretoken]");
    if (!token) return false;
    form.elements.namedItem("csrfmiddlewaretoken").value = token.value;
    return true;
  }

  async function send() {
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "keep");
    return fetch(form.action, { method: "POST", body, redirect: "manual" });
  }

  let pending = 0; // timer of the next attempt
  let busy = null; // promise of the attempt in progress
  let failures = 0;
  let edits = 0; // number of edits, to detect those made while saving

  const save = () => (busy ??= attempt().finally(() => (busy = null)));

  /** Save the draft; resolves to whether the server has stored it. */
  async function attempt() {
    clearTimeout(pending);
    const sending = edits;
    try {
      let reply = await send();
      if (reply.status === 403 && (await renewToken())) reply = await send();
      if (reply.status === 401 || reply.type === "opaqueredirect" || reply.status === 403) {
        say(net.dataset.signedOut, { signIn: true });
        return again(false);
      }
      if (!reply.ok) {
        say(net.dataset.refused);
        return again(false);
      }
      showRemarks(await reply.text());
    } catch {
      say(net.dataset.offline);
      return again(false);
    }
    if (failures) say(net.dataset.back, { well: true });
    else say("");
    failures = 0;
    if (edits === sending) store.clear();
    else later();
    return true;
  }

  function again(result) {
    clearTimeout(pending);
    pending = setTimeout(save, RETRY[Math.min(failures++, RETRY.length - 1)]);
    return result;
  }

  function later() {
    clearTimeout(pending);
    pending = setTimeout(save, failures ? RETRY[0] : SOON);
  }

  function showRemarks(html) {
    remarks.innerHTML = html; // a fragment of our own page
    const draft = remarks.querySelector("[data-draft]")?.dataset.draft;
    const field = form.elements.namedItem("draft");
    if (field && draft && field.value !== draft) {
      field.value = draft;
      history.replaceState(null, "", "?draft=" + draft);
    }
    const must = remarks.querySelectorAll(".remarks .must").length;
    const should = remarks.querySelectorAll(".remarks .should").length;
    const line = net.dataset.checked.replace("%must%", must).replace("%should%", should);
    if (counted.textContent !== line) counted.textContent = line;
    show(draft);
  }

  /** Load the new preview behind the old one, so that nothing flickers. */
  function show(draft) {
    const old = stage.querySelector("iframe:not(.coming)");
    const where = new URL(old.src);
    if (draft) {
      where.searchParams.delete("rendition");
      where.searchParams.set("draft", draft);
    }
    for (const name of LOOKS) where.searchParams.set(name, form.elements.namedItem(name).value);
    where.searchParams.set("again", edits);
    for (const stale of stage.querySelectorAll(".coming")) stale.remove();
    const coming = old.cloneNode();
    coming.src = where.href;
    form.querySelector("[data-alone]").href = where.href;
    coming.className = "coming";
    coming.addEventListener("load", () => {
      old.remove();
      coming.className = "";
      stage.dataset.screen = form.elements.namedItem("screen").value;
    }, { once: true });
    stage.append(coming);
  }

  form.addEventListener("input", (event) => {
    edits += 1;
    if (LOOKS.includes(event.target.name) && event.target.name !== "place") return show();
    if (event.target.name === "locale") setDirection(event.target.value);
    if (!NOT_TYPED.has(event.target.name)) store.put(typed());
    later();
  });

  /** Set the writing direction of the language. */
  function setDirection(locale) {
    const rightToLeft = ["ar", "fa", "he", "ur"].includes(locale.split("-")[0]);
    for (const name of ["headline", "body"]) {
      const field = form.elements.namedItem(name);
      field.lang = locale;
      field.dir = rightToLeft ? "rtl" : "ltr";
    }
  }

  // Submit the form only after the draft is saved, so that a failing network loses nothing.
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.value === "discard") return store.clear();
    event.preventDefault();
    store.put(typed());
    if (busy) await busy;
    if (!(await save())) return net.scrollIntoView({ block: "center" });
    const choice = document.createElement("input");
    Object.assign(choice, { type: "hidden", name: "do", value: button?.value ?? "check" });
    form.append(choice);
    form.submit();
  });

  addEventListener("online", () => failures && save());
  addEventListener("focus", () => failures && save());

  // Offer words of an earlier visit that never reached the server.
  const unsent = store.take();
  const now = typed();
  if (unsent && Object.entries(unsent.fields).some(([name, value]) => name in now && now[name] !== value)) {
    const offer = net.querySelector("[data-found]");
    const time = offer.querySelector("time");
    time.dateTime = unsent.at;
    time.textContent = new Date(unsent.at).toLocaleString(document.documentElement.lang);
    offer.hidden = false;
    offer.querySelector("[data-put-back]").addEventListener("click", () => {
      for (const [name, value] of Object.entries(unsent.fields)) {
        const field = form.elements.namedItem(name);
        if (field) field.value = value;
      }
      offer.hidden = true;
      edits += 1;
      save();
    });
    offer.querySelector("[data-forget]").addEventListener("click", () => {
      store.clear();
      offer.hidden = true;
    });
  } else store.clear();
})();

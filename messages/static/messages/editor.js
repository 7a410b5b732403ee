/* The editor, made a little better: it also works without this file, by its "Check and preview" button.
   It sends the form as it is typed, swaps in what a reviewer would say, and shows the preview anew. What the server has
   not kept yet stays in this browser's storage until it has; then it is removed from there. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-editor]");
  if (!form) return;
  const said = document.getElementById("said");
  const counted = document.querySelector("[data-counted]");
  const net = form.querySelector("[data-net]");
  const says = net.querySelector("[data-says]");
  const stage = form.querySelector(".stage");
  const UNSENT = "second-thought:unsent:" + form.dataset.editor;
  const SOON = 600;
  const RETRY = [2000, 4000, 8000, 15000];
  const LOOKS = ["place", "screen", "colours", "direction"];

  document.querySelector("[data-focus]")?.focus();

  // The last net: only what the server has not acknowledged, only in this browser.
  const NOT_TYPED = new Set(["csrfmiddlewaretoken", "draft", "base", "digest", "newest", "apart", "beside", ...LOOKS]);
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

  /** A form older than the sign-in has a token that is no longer good: the page is asked for a new one. */
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

  let pending = 0; // the timer of the next attempt
  let busy = null; // the attempt under way
  let failures = 0;
  let edits = 0; // what was typed, against what was kept

  const keep = () => (busy ??= attempt().finally(() => (busy = null)));

  /** Resolves to whether the words are safe with the server. */
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
      kept(await reply.text());
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
    pending = setTimeout(keep, RETRY[Math.min(failures++, RETRY.length - 1)]);
    return result;
  }

  function later() {
    clearTimeout(pending);
    pending = setTimeout(keep, failures ? RETRY[0] : SOON);
  }

  function kept(html) {
    said.innerHTML = html; // our own page's fragment
    const draft = said.querySelector("[data-draft]")?.dataset.draft;
    const field = form.elements.namedItem("draft");
    if (field && draft && field.value !== draft) {
      field.value = draft;
      history.replaceState(null, "", "?draft=" + draft);
    }
    const must = said.querySelectorAll(".remarks .must").length;
    const should = said.querySelectorAll(".remarks .should").length;
    const line = net.dataset.checked.replace("%must%", must).replace("%should%", should);
    if (counted.textContent !== line) counted.textContent = line;
    show(draft);
  }

  /** The new preview loads behind the old one, so that nothing flickers. */
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
    if (event.target.name === "locale") turn(event.target.value);
    if (!NOT_TYPED.has(event.target.name)) store.put(typed());
    later();
  });

  /** The words are written in their language's own direction. */
  function turn(locale) {
    const rightToLeft = ["ar", "fa", "he", "ur"].includes(locale.split("-")[0]);
    for (const name of ["headline", "body"]) {
      const field = form.elements.namedItem(name);
      field.lang = locale;
      field.dir = rightToLeft ? "rtl" : "ltr";
    }
  }

  // A button sends the form only once the server has kept it, so that a failing network costs nothing.
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.value === "discard") return store.clear();
    event.preventDefault();
    store.put(typed());
    if (busy) await busy;
    if (!(await keep())) return net.scrollIntoView({ block: "center" });
    const choice = document.createElement("input");
    Object.assign(choice, { type: "hidden", name: "do", value: button?.value ?? "check" });
    form.append(choice);
    form.submit();
  });

  addEventListener("online", () => failures && keep());
  addEventListener("focus", () => failures && keep());

  // Words of an earlier visit that never reached the server.
  const unsent = store.take();
  const now = typed();
  if (unsent && Object.entries(unsent.fields).some(([name, value]) => name in now && now[name] !== value)) {
    const found = net.querySelector("[data-found]");
    const at = found.querySelector("time");
    at.dateTime = unsent.at;
    at.textContent = new Date(unsent.at).toLocaleString(document.documentElement.lang);
    found.hidden = false;
    found.querySelector("[data-put-back]").addEventListener("click", () => {
      for (const [name, value] of Object.entries(unsent.fields)) {
        const field = form.elements.namedItem(name);
        if (field) field.value = value;
      }
      found.hidden = true;
      edits += 1;
      keep();
    });
    found.querySelector("[data-forget]").addEventListener("click", () => {
      store.clear();
      found.hidden = true;
    });
  } else store.clear();
})();

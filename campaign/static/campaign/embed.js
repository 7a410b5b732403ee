/* Second Thought: shows one message and reports what was done with it, never who did it. See docs/embed.md.
   No cookies, globals or (without data-session) storage. Never throws into, slows or moves the page. */
(() => {
  "use strict";
  const tag = document.currentScript;
  const warn = (line) => console.warn("Second Thought: " + line);
  if (!tag?.src || !tag.dataset.placement) return warn("needs a plain <script> tag with data-placement");
  const { placement, locale, unit, display, target, leave, timeout } = tag.dataset;
  const home = new URL(tag.src).origin;
  const cover = display === "cover";
  const host = document.createElement("second-thought");
  if (cover) host.style.position = "fixed"; // out of the page's layout

  const post = (path, body, more) =>
    fetch(home + "/api/v1/" + path, {
      method: "POST", body: JSON.stringify(body).padEnd(256), // text/plain: no preflight
      credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", ...more,
    });

  const tell = (name) =>
    (host.isConnected ? host : document).dispatchEvent(
      new CustomEvent("secondthought:" + name, { bubbles: true, composed: true, cancelable: true, detail: { placement } }));

  const need = (fine, line = "not a message") => {
    if (!fine) throw new Error(line);
  };
  const link = (href, base = home) => {
    const url = new URL(href, base);
    need(typeof href === "string" && /^https?:$/.test(url.protocol));
    return url.href;
  };
  const el = (name, attributes, ...inside) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "click") node.addEventListener(key, value);
      else node.setAttribute(key, value);
    }
    for (const part of inside) need(part instanceof Node || (typeof part === "string" && part.length < 4000));
    node.append(...inside);
    return node;
  };

  /** Build p, em, strong and br by hand: the message never reaches an HTML parser. */
  const prose = (html) => {
    need(html.length < 9999);
    const top = el("div", {});
    let parent = top;
    for (const part of html.split(/(<[^>]*>)/)) {
      const [, close, name] = /^<(\/?)(p|em|strong|br)>$/.exec(part) ?? [];
      need(name || !part.includes("<"));
      if (close) parent = parent.parentNode ?? top;
      else parent.append(name ? el(name, {}) : part.replace(/&(amp|lt|gt|nbsp);/g, (_, key) => ENTITIES[key]));
      if (name && !close && name !== "br") parent = parent.lastChild;
    }
    return top;
  };
  const ENTITIES = { amp: "&", lt: "<", gt: ">", nbsp: "\xa0" };

  const show = ({ message, receipt }, place) => {
    need(receipt === null || typeof receipt === "string");
    const sent = {};
    const record = async (outcome, value) => {
      if (!receipt || sent[outcome]) return;
      sent[outcome] = true;
      const reply = await post("events", { receipt, outcome, value }, { keepalive: true }).catch(() => 0);
      return (sent[outcome] = reply.ok); // lost: retry
    };

    const { actions } = message;
    need(actions.length < 20);
    const exit = link(leave || actions.find(({ outcome }) => outcome === "left").href, leave && document.baseURI);
    const then = { left: () => location.assign(exit), continued: () => (cover ? frame.close() : close()) };
    const thanks = el("output", {});
    const opinion = (outcome, label, value) =>
      el("button", { async click() {
        if (!(await record(outcome, value))) return;
        this.setAttribute("aria-pressed", true);
        thanks.textContent = actions.find((action) => action.thanks)?.thanks ?? "Thank you.";
      } }, label);

    // By shape: a new or missing outcome needs no change here.
    const choices = [], doors = [], scales = [], opinions = [], about = [];
    for (const { outcome, label, note, href, values, low, high } of actions) {
      if (then[outcome]) choices.push(el("button", { click() {
        record(outcome);
        if (tell(outcome)) then[outcome]();
      } }, label));
      else if (values !== undefined) {
        need(values.length < 12);
        scales.push(el("div", { class: "rate", role: "group", "aria-labelledby": outcome }, el("span", { id: outcome }, label),
          ...values.map((value) => opinion(outcome, `${value}`, value)), el("small", {}, low), el("small", {}, high)));
      } else if (href !== undefined) (note === undefined ? about : doors).push(
        el("a", { href: link(href), target: "_blank", rel: "noopener noreferrer", click: () => record(outcome) }, label,
          el("small", {}, note ?? "")));
      else opinions.push(opinion(outcome, label));
    }
    const away = link(message.exit.href);
    const out = el("button", { class: "out", click() {
      receipt = null; // reports nothing, not even the time on screen
      document.documentElement.style.display = "none";
      document.title = "\u200b";
      top.location.replace(navigator.onLine ? away : "about:blank");
    } }, message.exit.label);
    const box = el("section", { lang: message.locale, dir: message.dir, "aria-labelledby": "h" }, out,
      el("h2", { id: "h", tabindex: -1 }, message.headline),
      prose(message.body_html),
      el("div", { class: "two" }, ...choices));
    if (doors[0]) box.append(el("div", { class: "two doors" }, ...doors));
    if (receipt) box.append(...scales, el("div", { class: "say" }, ...opinions, thanks));
    box.append(el("p", { class: "fine" }, receipt ? message.privacy + " " : "", ...about));

    const frame = cover ? el("dialog", { "aria-labelledby": "h" }, box) : box;
    const root = host.attachShadow({ mode: "open" });
    try { // allowed by any style-src
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(el("style", {}, CSS));
    }
    root.append(frame);
    place();

    // Exposed: page visible, half of the message or of the window filled by it, for one second.
    let filled, timer, exposed, since = 0, total = 0;
    const look = () => {
      const visible = filled && document.visibilityState === "visible";
      if (visible == since > 0) return;
      clearTimeout(timer);
      if (since) total += performance.now() - since;
      since = visible ? performance.now() : 0;
      if (visible && !exposed) timer = setTimeout(() => {
        exposed = true;
        record("exposed");
        tell("exposed");
      }, 1000);
    };
    const watch = new IntersectionObserver((entries) => {
      const { intersectionRatio, intersectionRect } = entries.pop();
      filled = intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2;
      look();
    }, { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5] });
    const finish = () => {
      filled = false;
      look();
      if (exposed) record("dwell", [2e3, 5e3, 15e3].filter((edge) => total >= edge).length + 1);
    };
    const close = () => {
      watch.disconnect();
      finish();
      tell("closed");
      host.remove();
    };
    watch.observe(box);
    document.addEventListener("visibilitychange", look);
    addEventListener("pagehide", finish);
    if (cover) {
      frame.addEventListener("close", close); // Esc: no answer
      frame.showModal();
      root.getElementById("h").focus();
    }
    tell("shown");
  };

  const CSS = `
:host { all: initial; color-scheme: inherit; display: block }
* { box-sizing: border-box }
section { --soft: light-dark(#5a6472, #a7afba); --accent: light-dark(#0b5d5e, #6fc3bf);
--line: 1px solid light-dark(#e4dfd6, #2f3741); max-width: 37em; margin: auto; padding: 1.4em 1.25em 1em; border: var(--line); border-radius: 10px;
background: light-dark(#faf8f4, #14181e); color: light-dark(#1c2430, #eceae4); font: medium/1.55 system-ui, sans-serif }
h2 { margin: 0 0 .6em; font: 600 1.55em/1.2 ui-serif, Palatino, Georgia, serif; text-wrap: balance; outline: 0 }
p { margin: .7em 0 }
.two { display: grid; grid-auto-rows: 1fr; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9em), 1fr)); gap: .75em; margin: 1.4em 0 1.2em }
.doors { grid-template-columns: repeat(auto-fit, minmax(min(100%, 14em), 1fr)) }
.doors, .rate { padding-top: 1.2em; border-top: var(--line) }
button, .doors a { min-height: 44px; padding: .6em; border: 2px solid var(--accent); border-radius: 10px; background: none; color: var(--accent); font: inherit; font-weight: 600; cursor: pointer }
.doors a { padding: .6em 1em }
.doors a, .rate button { border: 1px solid var(--soft); color: inherit; font-weight: 400; text-decoration: none }
a { color: var(--accent) }
small, .fine { color: var(--soft); font-size: .9em }
.doors small { display: block }
:focus-visible:not(h2) { outline: 3px solid var(--accent); outline-offset: 2px }
.rate { display: grid; grid-template-columns: repeat(5, 1fr); gap: .4em }
.rate span { grid-column: span 5 }
.rate small { grid-column: span 2 }
.rate small + small { grid-column: span 3; text-align: end }
.rate [aria-pressed] { outline: 3px solid; outline-offset: -3px; font-weight: 800 }
.say { display: flex; align-items: center; gap: 1em }
output { min-width: 6em }
.out { position: sticky; top: .5em; display: block; margin: 0 0 .4em; margin-inline-start: auto; background: inherit }
.say button { padding: 0; border: 0; text-align: start; font-size: .9em; font-weight: 400; text-decoration: underline }
dialog { width: 37em; padding: 0; border: 0; background: none }
dialog::backdrop { background: #14181ed0 }
@media print { section { color-scheme: light } .out { display: none } }`;

  (async () => {
    if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    const spot = cover ? document.body : target ? document.querySelector(target) : tag.closest("body");
    need(spot, "no data-target on the page");
    let session; // only with data-session: the tab keeps its receipt
    if (tag.dataset.session != null) try { session = sessionStorage[home + placement] || "new" } catch {}
    const preview = location.hash.split("second-thought=")[1]; // a test
    const reply = await post("decide", { placement, locale, unit, session, preview }, { signal: AbortSignal.timeout?.(timeout || 4000) });
    need(reply.ok, "answered " + reply.status);
    const answer = await reply.json();
    if (session && answer.unit) try { sessionStorage[home + placement] = answer.receipt } catch {}
    show(answer, () => (cover || target ? spot.append(host) : tag.after(host)));
  })().catch((error) => {
    host.remove();
    warn(`no message for "${placement}": ${error.message}`);
    tell("unavailable");
  });
})();

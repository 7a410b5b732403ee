/* Second Thought: shows one message and reports what was done with it, never who did it. See docs/embed.md.
   No cookies, globals or (without data-session) storage. Never throws into, slows or moves the page. */
/* global CSS: message.css, put here by build.py */

// What this page was shown, for every copy of this file: by placement.
export const views = (document[Symbol.for("second-thought")] ??= {});
const HOUR = 36e5, css = CSS;

const need = (fine, line = "not a message", reason = "answer") => {
  if (!fine) throw Object.assign(Error(line), { reason });
};
const link = (href, base) => {
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

/** Lead out of a frame as well, unless its sandbox forbids it. A page of another origin can only be given an address. */
const go = (url, instead) => {
  for (const { location } of [top, self]) try {
    return instead ? location.replace(url) : (location.href = url);
  } catch {}
};

/** One draw: its answer (`given`, or asked for), and what becomes of its outcomes. Kept for an hour or until it is answered. */
export const draw = (home, request, kept, ms, given) => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), ms);
  const post = (path, body, more) =>
    fetch(home + "/api/v1/" + path, {
      method: "POST", body: JSON.stringify(body).padEnd(body[0] ? 2048 : 256), // text/plain: no preflight
      credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", ...more,
    });

  const ask = async (tries) => {
    const reply = await post("decide", request, { signal: stop.signal }).catch(async ({ message }) => {
      need(tries && !stop.signal.aborted, message, "network");
      await new Promise((done) => setTimeout(done, 250));
    });
    if (!reply) return ask(0);
    if (reply.ok) return reply.json();
    if ((reply.status === 404 && request.preview) || (reply.status === 410 && request.key)) {
      request.preview = request.key = undefined; // of an old test, or of a clock that is wrong
      return ask(tries);
    }
    const { error } = await reply.json().catch(() => ({}));
    need(0, "answered " + reply.status, error?.code);
  };
  const answer = (given ?? ask(1)).then((found) => {
    if (kept && found.unit) try { sessionStorage[kept] = found.receipt } catch {}
    view.receipt = found.receipt;
    return found;
  });

  const sent = { undefined: 1 }, lost = []; // lost: to be sent again while the page lives, and once more as it closes
  let pause = 1e3, timer;
  const send = async (event, done) => {
    const { ok, status } = await post("events", event, { keepalive: true }).catch(() => ({ status: 503 }));
    if (status < 500 && status !== 429) return done(ok);
    lost.push([event, done]);
    timer ??= setTimeout(again, (pause = Math.min(pause * 2, 6e4)));
  };
  const again = () => {
    clearTimeout(timer);
    timer = null;
    for (const one of lost.splice(0)) if (view.receipt) send(...one);
  };
  addEventListener("online", again);
  addEventListener("pagehide", () => {
    if (view.receipt && lost[0]) post("events", lost.map(([event]) => event), { keepalive: true }).catch(() => 0);
  });
  const view = { answer, until: performance.now() + HOUR, async record(outcome, value) {
    if (!view.receipt || sent[outcome]) return;
    sent[outcome] = true;
    return new Promise((done) => send({ receipt: view.receipt, outcome, value }, done));
  } };
  return view;
};

/**
 * Show a message.
 * @param place `find()` answers the element, `put(host)` puts the message there; `mark` shows the state as well.
 */
export const mountAt = (place, { server, placement, locale, unit, session, display, leave, timeout, onOutcome }) => {
  const cover = display === "cover";
  const host = document.createElement("second-thought");
  if (cover) host.style.position = "fixed"; // out of the page's layout
  const ms = timeout > 0 ? +timeout : 4e3;
  const over = new AbortController(); // of all listeners
  let spot, state, settle, silent, close = () => {};
  const outcome = new Promise((done) => (settle = done));

  const say = (name) => {
    state = name;
    for (const one of [place.mark, cover ? null : spot]) if (one) one.dataset.secondThought = name;
  };
  const tell = (name, reason) => {
    if (silent) return;
    if (name !== "exposed" && (name !== "closed" || state !== "continued")) say(name);
    if (/^[lcu]/.test(name)) settle(name);
    try {
      onOutcome?.(name, reason);
    } catch (error) {
      console.error(error);
    }
    return (host.isConnected ? host : document).dispatchEvent(new CustomEvent("secondthought:" + name,
      { bubbles: true, composed: true, cancelable: true, detail: { placement, reason } }));
  };
  const fail = ({ message, reason = "answer" }) => {
    if (state !== "waiting") return;
    close = () => {};
    host.remove();
    console.warn(`Second Thought: no message for "${placement}": ${message}`);
    tell("unavailable", reason);
  };

  const show = ({ message, receipt }, view, home) => {
    need(receipt === null || typeof receipt === "string");
    const { record } = view;
    const { actions } = message;
    need(actions.length < 20);
    const exit = link(leave || actions.find(({ outcome }) => outcome === "left").href, leave ? document.baseURI : home);
    const then = { left: () => go(exit), continued: () => close() };
    const answer = el("output", {});
    const opinion = (outcome, label, thanks, value) =>
      el("button", { async click() {
        if (!(await record(outcome, value))) return;
        this.setAttribute("aria-pressed", true);
        answer.textContent = thanks;
      } }, label);

    // By shape: a new or missing outcome needs no change here.
    const choices = [], doors = [], scales = [], opinions = [], about = [];
    for (const { outcome, label, note, href, values, low, high, thanks } of [message.crisis, ...actions]) {
      if (then[outcome]) choices.push(el("button", { click() {
        record(outcome);
        delete views[placement]; // answered: the next one is drawn anew
        if (tell(outcome)) then[outcome]();
      } }, label));
      else if (values !== undefined) {
        need(values.length < 12);
        scales.push(el("div", { class: "rate", role: "group", "aria-labelledby": outcome }, el("span", { id: outcome }, label),
          ...values.map((value) => opinion(outcome, `${value}`, thanks, value)), el("small", {}, low), el("small", {}, high)));
      } else if (href !== undefined) (note === undefined ? about : doors).push(
        el("a", { href: link(href, home), target: "_blank", rel: "noreferrer", click: () => record(outcome) }, label,
          el("small", {}, note ?? "")));
      else opinions.push(opinion(outcome, label, thanks));
    }
    const away = link(message.exit.href, home);
    const out = el("button", { class: "out", click() {
      view.receipt = null; // reports nothing, not even the time on screen
      document.documentElement.style.display = "none";
      document.title = "\u200b";
      go(navigator.onLine ? away : "about:blank", true);
    } }, message.exit.label);
    const parts = [el("h2", { id: "h", tabindex: -1 }, message.headline), prose(message.body_html), el("div", { class: "two" }, ...choices)];
    const box = el("section", { lang: message.locale, dir: message.dir, "aria-labelledby": "h" }, out, ...parts);
    box.append(el("div", { class: "two doors" }, ...doors));
    if (receipt) box.append(...scales, el("div", { class: "say" }, ...opinions, answer));
    box.append(el("p", { class: "fine" }, receipt ? message.privacy + " " : "", ...about));

    const frame = cover ? el("dialog", { "aria-labelledby": "h" }, box) : box;
    const root = host.attachShadow({ mode: "open" });
    try { // allowed by any style-src
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(el("style", {}, css));
    }
    root.append(frame);
    for (const old of document.querySelectorAll("second-thought")) if (!old.shadowRoot) old.remove(); // of a page kept as text
    place.put ? place.put(host) : spot.append(host);

    // Seen: half of the message (or of the window) filled by it, for one second on end, and nothing hides it.
    let filled, timer, exposed, since = 0, total = 0;
    const clear = new Map(), address = location.pathname + location.search;
    const shows = () => {
      const { left, top, right, bottom, width } = box.getBoundingClientRect();
      if (width * 2 < box.offsetWidth || [...clear.values()].every((is) => is === false)) return;
      if (box.checkVisibility?.({ checkOpacity: true, checkVisibilityCSS: true }) === false) return;
      const [x, y] = [Math.max(left, 0), Math.max(top, 0)], w = Math.min(right, innerWidth) - x, h = Math.min(bottom, innerHeight) - y;
      let hits = 0;
      for (const at of [1, 3, 5]) for (const by of [1, 3, 5])
        hits += host.getRootNode().elementFromPoint(x + w * at / 6, y + h * by / 6) === host;
      return hits > 4;
    };
    const look = (hidden) => {
      if (cover && address !== location.pathname + location.search) return close(); // the page moved on
      clearTimeout(timer);
      if (filled || cover) timer = setTimeout(look, exposed ? 1e3 : 340);
      const visible = !hidden && filled && !document.hidden && !!shows();
      const now = performance.now();
      if (visible && !since) since = now;
      if (!exposed && visible && now - since >= 1e3) {
        exposed = true;
        record("exposed");
        tell("exposed");
      }
      if (visible || !since) return;
      total += now - since;
      since = 0;
    };
    const watch = new IntersectionObserver((entries) => {
      const { intersectionRatio, intersectionRect } = entries.pop();
      if (!host.isConnected) return close();
      // A frame may be longer than the window, whose size it is not told.
      filled = intersectionRatio >= 0.5 || intersectionRect.height * 2 >= Math.min(innerHeight, screen.height);
      look();
    }, { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5] });
    // Where there is version 2, one part of the message at least is neither covered, faded nor filtered.
    const painted = new IntersectionObserver((entries) => {
      for (const { target, isVisible } of entries) clear.set(target, isVisible);
    }, { trackVisibility: true, delay: 100, threshold: [0, 0.5, 1] });
    const finish = () => {
      look(true);
      if (exposed) record("dwell", [2e3, 5e3, 15e3].filter((edge) => total >= edge).length + 1);
    };
    close = () => {
      close = () => {};
      over.abort();
      watch.disconnect();
      painted.disconnect();
      finish();
      clearTimeout(timer);
      if (cover) frame.close(); // gives the focus back
      tell("closed");
      host.remove();
    };
    watch.observe(box);
    parts.forEach((part) => painted.observe(part));
    const { signal } = over;
    document.addEventListener("visibilitychange", () => look(), { signal });
    document.addEventListener("turbo:before-cache", () => close(), { signal });
    addEventListener("pagehide", finish, { signal });
    if (cover) {
      frame.addEventListener("close", () => { // Esc: no answer
        delete views[placement];
        close();
      }, { signal });
      frame.showModal();
      parts[0].focus();
    }
    tell("shown");
  };

  // A page that opens by a timer of its own says so here; what comes after it is not shown.
  const gaveUp = () => [place.mark, spot].some((one) => one?.dataset.secondThought === "late");
  gaveUp() || say("waiting");
  setTimeout(() => fail({ message: `nothing came within ${ms} ms`, reason: "timeout" }), ms);
  (async () => {
    need(placement && server, "no data-placement, or a tag that a script cannot read", "tag");
    const home = new URL(server).origin;
    spot = place.find();
    if (!spot && document.readyState === "loading") {
      await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
      spot = place.find();
    }
    need(spot, "no data-target on the page", "target");
    if (gaveUp() || state !== "waiting" || silent) return;
    say("waiting");
    let kept, tab; // only with data-session: the tab keeps its receipt
    if (session) try { tab = sessionStorage[kept = home + placement] || "new" } catch {}
    let view = views[placement];
    if (!(view?.until > performance.now())) views[placement] = view = draw(home, {
      placement, locale, unit, session: tab, preview: location.hash.split("second-thought=")[1],
      key: Math.floor(Date.now() / HOUR) + "-" + crypto.getRandomValues(new Uint32Array(4)).join(""),
    }, kept, ms);
    const answer = await view.answer.catch((error) => {
      if (views[placement] === view) delete views[placement];
      throw error;
    });
    if (gaveUp() || state !== "waiting" || silent) return;
    need(spot.isConnected, "its place left the page", "target");
    try {
      show(answer, view, home);
    } catch (error) {
      delete views[placement];
      throw error;
    }
  })().catch(fail);
  return { outcome, destroy() {
    silent = true;
    close();
    settle("closed");
  } };
};

// Runs in every page before anything of its own: watches what happens, and answers what a checker asks.
(() => {
  const told = { violations: [], shift: 0, focused: [] };
  addEventListener("securitypolicyviolation", (event) =>
    told.violations.push(`${event.effectiveDirective} ${event.blockedURI || "inline"}`));
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
    if (!entry.hadRecentInput) told.shift += entry.value;
  })).observe({ type: "layout-shift", buffered: true });

  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], [contenteditable='true']";
  const name = (element) => {
    const said = (element.getAttribute("aria-label") || element.innerText || element.value || element.id || "").trim();
    return `${element.localName} “${said.replace(/\s+/g, " ").slice(0, 50)}”`;
  };
  // Open shadow roots are pages within the page.
  const all = (selector, root = document) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) => all(selector, e.shadowRoot)),
  ];
  const controls = () => all(CONTROLS).filter((element) =>
    !element.matches(':disabled, [aria-hidden="true"][tabindex="-1"]') && !element.closest("[inert]")
    && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && element.getBoundingClientRect().width > 0);
  const look = (element) => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return { outlined, rest: [style.boxShadow, style.borderColor, style.backgroundColor, style.textDecorationLine].join() };
  };
  const before = new Map();
  const reached = new Map();
  const arrive = (event) => {
    const element = event.composedPath()[0];
    const now = look(element);
    reached.set(element, now.outlined || (before.has(element) && before.get(element) !== now.rest));
  };
  addEventListener("focusin", arrive);

  // How wide the page may be seen, and what sticks out of it.
  const sticking = () => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const clipped = (e) => e && e !== document.body && e !== page
      && (getComputedStyle(e).overflowX !== "visible" || clipped(e.parentElement));
    const wide = [...document.body.querySelectorAll("*")].filter((element) => {
      const box = element.getBoundingClientRect();
      return (box.right > page.clientWidth + 1 || box.left < -1) && box.width > 1 && !clipped(element.parentElement);
    });
    return [`${page.scrollWidth - page.clientWidth} px too wide`, ...wide.slice(-3).map(name)];
  };

  const withinText = (element) => {
    if (element.localName !== "a" || getComputedStyle(element).display !== "inline") return false;
    const around = element.closest("p, li, dd, td, blockquote, label, span, div");
    return !!around && around.innerText.trim().length > element.innerText.trim().length;
  };
  const small = () => controls().filter((element) => {
    if (withinText(element) || element.matches("[tabindex='0']:not(a, button, input, summary)")) return false;
    const label = element.labels?.[0];
    const boxes = [element, label].filter(Boolean).map((e) => e.getBoundingClientRect());
    return !boxes.some((box) => box.width >= 24 && box.height >= 23.9) && boxes[0].width > 1;
  }).map((element) => {
    const box = element.getBoundingClientRect();
    return `${name(element)} is ${box.width.toFixed()} × ${box.height.toFixed()} px`;
  });

  // All that axe's judgement of a text's contrast is made of, apart from what lies over it from elsewhere in the page.
  const coloured = (element) => {
    const style = getComputedStyle(element);
    const behind = [];
    for (let e = element; e; e = e.parentElement) {
      const own = getComputedStyle(e);
      const opaque = own.opacity === "1" && own.filter === "none";
      if (own.backgroundColor !== "rgba(0, 0, 0, 0)" || own.backgroundImage !== "none" || !opaque) {
        behind.push(own.backgroundColor, own.backgroundImage, own.opacity, own.filter);
      }
    }
    const link = element.closest("a[href]");
    const around = link ? getComputedStyle(link.parentElement || link) : style;
    return [style.color, style.fontSize, style.fontWeight, style.textShadow, style.webkitTextStroke, element.localName,
      style.textDecorationLine, !!link, around.color, around.textDecorationLine, style.position, ...behind].join();
  };
  // Without what has no text that axe would judge: boxes to tick, and what waits above the page until it has the focus.
  const written = () => [...document.body.querySelectorAll("*")].filter((element) => {
    const box = element.getBoundingClientRect();
    return (element.matches("input:not([type=hidden], [type=checkbox], [type=radio]), textarea, select")
        || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
      && box.width > 1 && box.bottom + scrollY > 0 && element.checkVisibility({ visibilityProperty: true });
  });

  // All rules of WCAG 2.2 A and AA, and axe's best practices. axe disables target-size by default.
  const allRules = (rules) => ({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    rules: { "target-size": { enabled: true }, ...rules },
  });
  const someRules = (...values) => ({ runOnly: { type: "rule", values } });
  // Contrast takes longest. Writing direction and text size affect the layout only.
  const RULES = {
    all: allRules(),
    allButContrast: allRules({ "color-contrast": { enabled: false } }),
    contrast: someRules("color-contrast", "link-in-text-block"),
    layout: someRules("target-size", "scrollable-region-focusable"),
  };
  const run = (where, rules, resultTypes) => axe.run(where, { ...rules, resultTypes, elementRef: true, preload: false });
  const sentences = (answer) => answer.violations.map((rule) =>
    `${rule.id}: ${rule.help} (${rule.nodes.length} times, first ${rule.nodes[0].target.flat().join(" ")}` +
    `${rule.nodes[0].any[0] ? ", " + rule.nodes[0].any[0].message : ""})`);
  const violations = async (rules) => sentences(await run(document, RULES[rules], ["violations"]));

  const colours = async (known, whole) => {
    const before = new Set(known);
    const all = written().map((element) => [element, coloured(element)]);
    const fresh = all.filter(([, look]) => !before.has(look));
    const shadows = [...document.querySelectorAll("*")].some((element) => element.shadowRoot);
    if (!whole && !shadows && !fresh.length) return { found: [], good: [] };
    const where = whole || shadows ? document : { include: fresh.map(([element]) => element) };
    const answer = await run(where, whole ? RULES.all : RULES.contrast, ["violations", "passes"]);
    const looks = new Map(all);
    const bad = new Set(answer.violations.flatMap((rule) => rule.nodes.map((node) => looks.get(node.element))));
    const good = answer.passes.filter((rule) => rule.id === "color-contrast")
      .flatMap((rule) => rule.nodes.map((node) => looks.get(node.element))).filter((look) => look && !bad.has(look));
    return { found: sentences(answer), good: [...new Set(good)] };
  };

  window.proof = {
    told, sticking, small, colours, violations,
    settled: async () => {
      await document.fonts.ready;
      const left = 400 - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(left, 0)));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return told.shift;
    },
    // What the keyboard should reach; pressing Tab so often should do.
    beginTour: () => {
      reached.clear();
      document.activeElement?.blur();
      getSelection().removeAllRanges();
      const found = controls();
      // From one control to the next in a shadow root, nothing is heard outside of it.
      new Set(found.map((element) => element.getRootNode())).forEach((root) => {
        if (root !== document) root.addEventListener("focusin", arrive);
      });
      found.forEach((element) => before.set(element, look(element).rest));
      const within = [...document.querySelectorAll("iframe")].map((frame) => {
        try { return frame.contentDocument.querySelectorAll(CONTROLS).length + 1; } catch { return 30; }
      });
      return found.length + within.reduce((sum, count) => sum + count, 3);
    },
    endTour: () => (document.activeElement?.blur(), scrollTo(0, 0), controls()).flatMap((element) => {
      const group = element.type === "radio" && element.name
        ? [...document.getElementsByName(element.name)].filter((e) => e.type === "radio" && e.form === element.form) : [element];
      if (!group.some((one) => reached.has(one))) return [`${name(element)} is not reached by Tab`];
      return reached.get(element) === false ? [`${name(element)} shows no focus`] : [];
    }),
  };
})();

import { mountAt } from "./mount.js";

// A module has no current script; nor has one in a shadow tree, where none is found either.
const tag = document.currentScript ?? document.querySelector("script[data-placement]:not([data-second-thought])");
const query = new URLSearchParams(tag?.src?.split("?")[1]); // for tag managers that drop data attributes
const option = (name) => tag?.dataset[name] || query.get(name) || undefined; // empty is absent
const [placement, locale, unit, display, leave, timeout, target] =
  ["placement", "locale", "unit", "display", "leave", "timeout", "target"].map(option);
const cover = display === "cover";
const session = (tag?.dataset.session ?? query.get("session")) != null;
const handle = mountAt({
  mark: tag,
  find: () => (cover ? document.body : target ? document.querySelector(target) : tag?.closest("body") && tag),
  put: cover || target ? null : (host) => tag.after(host),
}, { server: option("server") || tag?.src, placement, locale, unit, session, display, leave, timeout });
if (tag) tag.secondThought = handle;

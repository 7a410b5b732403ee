import { mountAt } from "./mount.js";

// A module has no current script; nor has one in a shadow tree, where none is found either.
const tag = document.currentScript ?? document.querySelector("script[data-placement]:not([data-second-thought])");
const query = new URLSearchParams(tag?.src?.split("?")[1]); // for tag managers that drop data attributes
const options = { session: (tag?.dataset.session ?? query.get("session")) != null };
for (const name of ["placement", "locale", "unit", "display", "leave", "timeout", "target", "trigger", "server"])
  options[name] = tag?.dataset[name] || query.get(name) || undefined; // empty is absent
options.server ??= tag?.src;
const { placement, target, trigger } = options;
const cover = options.display === "cover";

let stands, handle;
const destroy = () => handle?.destroy();
const show = () => {
  if (!stands) {
    destroy(); // one that stayed open after its answer
    stands = true;
    handle = mountAt({
      mark: tag,
      find: () => (cover ? document.body : target ? document.querySelector(target) : tag?.closest("body") && tag),
      put: cover || target ? null : (host) => tag.after(host),
    }, options);
    handle.outcome.then(() => (stands = false));
  }
  return handle.outcome;
};
document.addEventListener("secondthought:show", ({ detail }) => (detail ?? placement) === placement && show());
if (trigger) tag.dataset.secondThought = "idle";
const outcome = trigger ? undefined : show();
if (tag) tag.secondThought = { show, destroy, outcome };

/* In our frame: the answer stands in the page, and the page around hears of everything by postMessage. */
import { draw, mountAt, views } from "./mount.js";

const { body, documentElement } = document;
const { placement, answer } = body.dataset;
const { error, ...given } = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(answer), (byte) => byte.charCodeAt())));
const tell = (name, reason) => {
  const ended = name === "closed" || name === "unavailable"; // told while the message still stands
  const height = ended ? 0 : Math.ceil(documentElement.getBoundingClientRect().height);
  parent.postMessage({ secondThought: name, placement, reason, height }, "*");
};

body.style.margin = 0;
const shown = error ? Promise.reject(Object.assign(Error(error.message), { reason: error.code })) : Promise.resolve(given);
views[placement] = draw(location.origin, {}, null, 0, shown);
mountAt({ find: () => body, mark: body }, { server: location.href, placement, onOutcome: tell });
new ResizeObserver(() => tell("resized")).observe(documentElement);

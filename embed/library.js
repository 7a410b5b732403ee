/* What embed.mjs exports: see embed.d.mts. */
import { mountAt } from "./mount.js";

export const mount = (element, options) =>
  mountAt({ find: () => element, mark: element }, { ...options, server: options.server || import.meta.url });

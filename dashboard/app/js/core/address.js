/** The path under which the engine is published, as a proxy may choose: "", or such as "/engine". */
export const base = /^(.*)\/assets\/js\/core\/address\.js$/.exec(new URL(import.meta.url).pathname)?.[1] ?? "";

/** The address of a path of the engine. @param {string} path */
export function addressOf(path) {
  return base + path;
}

/** The path of the engine that an address of this host has; "" for one that is not the engine's. @param {string} address */
export function pathOf(address) {
  return address.startsWith(`${base}/`) ? address.slice(base.length) : "";
}

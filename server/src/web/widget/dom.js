// Elements. Words only ever become text, never HTML.

/**
 * @param {string} tag @param {Record<string, any>} [props] attributes; `on...` are listeners
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key === "cls" ? "class" : key, value === true ? "" : String(value));
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

const PATHS = {
  chat: "M4 5.5h16a1.5 1.5 0 0 1 1.5 1.5v9.5A1.5 1.5 0 0 1 20 18h-8l-4.5 3.5V18H4a1.5 1.5 0 0 1-1.5-1.5V7A1.5 1.5 0 0 1 4 5.5zM8 11.7h.01M12 11.7h.01M16 11.7h.01",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 19V5M5.5 11.5L12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  person: "M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5zM4.5 20.5c.6-3.7 3.6-5.5 7.5-5.5s6.9 1.8 7.5 5.5",
  up: "M7 11v9H4v-9zM7 11l4-7.5c1.6 0 2.4 1.2 2.1 2.8L12.5 10H18a2 2 0 0 1 2 2.4l-1.2 6A2 2 0 0 1 16.8 20H7",
  down: "M17 13V4h3v9zM17 13l-4 7.5c-1.6 0-2.4-1.2-2.1-2.8L11.5 14H6a2 2 0 0 1-2-2.4l1.2-6A2 2 0 0 1 7.2 4H17",
  back: "M14.5 5.5L8 12l6.5 6.5",
  out: "M14 4.5h5.5V10M19 5l-8 8M10 6H6a1.5 1.5 0 0 0-1.5 1.5V18A1.5 1.5 0 0 0 6 19.5h10.5A1.5 1.5 0 0 0 18 18v-4",
  arrow: "M12 5v14M5.5 12.5L12 19l6.5-6.5",
  mail: "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM3.5 7l8.5 6.5L20.5 7",
  star: "M12 3.8l2.5 5.2 5.7.800-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  spark: "M12 3.5l1.9 5.1 5.1 1.9-5.1 1.9L12 17.5l-1.9-5.1L5 10.5l5.1-1.9zM18.5 16v4M16.5 18h4",
};

/** A drawing that says nothing to a screen reader. @param {keyof typeof PATHS} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Three dots: somebody writes, or something is looked for. */
export function dots() {
  return h("span", { cls: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

const LINK = /(https?:\/\/[^\s<>"'()]+[^\s<>"'().,;:!?])/;

/** Text whose addresses can be followed. @param {HTMLElement} into @param {string} text */
export function linked(into, text) {
  text.split(LINK).forEach((part, at) => {
    if (at % 2) into.append(h("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part));
    else if (part) into.append(part);
  });
}

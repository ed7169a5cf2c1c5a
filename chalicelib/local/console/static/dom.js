// Elements without markup made of text: what a photo or a server says is never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("button.main", { onclick: save }, "Save")`, or without attributes `h("p.muted", "None yet")`.
 * Children are nodes, text, lists of them, or nothing.
 */
export function h(name, ...given) {
  return filled(document.createElement(name.split(".")[0]), name, given);
}

/** The same for SVG. */
export function svg(name, ...given) {
  return filled(document.createElementNS(SVG, name.split(".")[0]), name, given);
}

/** Put these children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren(...there(children));
  return element;
}

function filled(element, name, given) {
  const attributes = given[0]?.constructor === Object ? given.shift() : {};
  const classes = name.split(".").slice(1);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "hue") element.style.setProperty("--hue", value);
    else if (key === "value" || key === "checked" || key === "hidden") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...there(given));
  return element;
}

/** Flat, without what stands for nothing: null, undefined, false. */
const there = (children) => children.flat(Infinity).filter((child) => (child ?? false) !== false);

// Boxes, polygons and points over a picture or a video, with names that keep out of each other's way.

import { fill, h, svg } from "./dom.js";

const LETTERS = document.createElement("canvas").getContext("2d");
const HEIGHT = 20;
const NAMES = 2;
/** A photo's height, in hundredths of the window's. */
const HIGHEST = 60;
/** Pixels of height below which a mark has thin lines. */
const SMALL = 28;

/**
 * Keep an overlay over `shown`, an img or video that lies in a positioned element.
 * A mark is { id, hue, name, box?, polygon?, points?, shy? }, places as Rekognition gives them: ratios of width and
 * height. The name of a shy one is shown only while it is chosen.
 */
export class Overlay {
  constructor(shown) {
    this.shown = shown;
    this.marks = [];
    this.chosen = null;
    this.element = svg("svg.overlay", { "aria-hidden": "true" });
    new ResizeObserver(() => this.draw()).observe(shown);
  }

  show(marks) {
    this.marks = merged(marks);
    this.draw();
  }

  /** Bring out the marks of one id, or none. */
  choose(id) {
    this.chosen = id;
    this.element.toggleAttribute("data-chosen", id !== null);
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.shown;
    if (!width || !height) return;
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const marks = this.marks.toSorted((one, other) => area(other) - area(one)); // the small ones on top
    const isChosen = (mark) => mark.ids.includes(this.chosen);
    const named = [...marks.filter(isChosen), ...marks.filter((mark) => !isChosen(mark)).reverse()];
    const shapes = marks.map((mark) => shape(mark, width, height, isChosen(mark)));
    fill(this.element, shapes, names(named, width, height, isChosen));
  }
}

/** A photo on its stage, as large as there is room, and its overlay. */
export function staged(photo, alt) {
  const image = h("img", { src: photo.url, alt });
  const overlay = new Overlay(image);
  const shown = h("div.shown", image, overlay.element);
  shown.style.width = `${(HIGHEST * photo.width) / photo.height}vh`;
  return { overlay, figure: h("figure.stage", shown) };
}

function shape(mark, width, height, chosen) {
  const { box, polygon, points = [] } = mark;
  const small = (box ?? around(polygon)).Height * height < SMALL;
  const group = svg("g.mark", { hue: mark.hue, "data-on": chosen, "data-small": small });
  if (polygon) {
    const corners = polygon.map((corner) => `${within(corner.X) * width},${within(corner.Y) * height}`).join(" ");
    group.append(svg("polygon.under", { points: corners }), svg("polygon", { points: corners }));
  } else if (box) {
    const [left, right] = [box.Left, box.Left + box.Width].map((ratio) => within(ratio) * width);
    const [top, bottom] = [box.Top, box.Top + box.Height].map((ratio) => within(ratio) * height);
    const place = { x: left, y: top, width: right - left, height: bottom - top, rx: 4 };
    group.append(svg("rect.under", place), svg("rect", place));
  }
  const r = points.length > 5 ? 1.7 : 2.4;
  group.append(...points.map((point) => svg("circle", { cx: point.X * width, cy: point.Y * height, r })));
  return group;
}

/** Marks of one colour in the same place as one mark with all their names; `ids` are all theirs. */
function merged(marks) {
  const kept = [];
  for (const mark of marks) {
    const same = mark.box && kept.find((other) => other.hue === mark.hue && other.box && alike(other.box, mark.box));
    if (same) same.ids.push(mark.id);
    else kept.push({ ...mark, ids: [mark.id], names: [] });
    const { names: all } = same ?? kept.at(-1);
    if (mark.name && !all.includes(mark.name)) all.push(mark.name);
  }
  return kept.map((mark) => ({ ...mark, name: shortened(mark.names) }));
}

function shortened(all) {
  const left = all.length - NAMES;
  return all.slice(0, NAMES).join(", ") + (left > 0 ? ` +${left}` : "");
}

const alike = (one, other) =>
  ["Left", "Top", "Width", "Height"].every((side) => Math.abs(one[side] - other[side]) < 0.02);

/** A place within the picture: boxes may reach beyond it. */
const within = (ratio) => Math.max(0, Math.min(1, ratio));

const area = ({ box }) => (box ? box.Width * box.Height : 0);

/**
 * The names, the first first, each where it hides no other: above its box, in it or below it, at the left or the right.
 * Where there is no room none is shown, but for the chosen one's.
 */
function names(marks, width, height, isChosen) {
  LETTERS.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  const taken = [];
  const isFree = (place) => place.y >= 0 && place.y + HEIGHT <= height && !taken.some((other) => meet(place, other));
  return marks.flatMap((mark) => {
    if (!mark.name || (mark.shy && !isChosen(mark))) return [];
    const said = fitting(mark.name, width - 12);
    const wide = LETTERS.measureText(said).width + 12;
    const places = placesFor(mark.box ?? around(mark.polygon), wide, width, height);
    const place = places.find(isFree) ?? (isChosen(mark) ? places[1] : null);
    if (!place) return [];
    taken.push(place);
    const ground = svg("rect", { x: place.x, y: place.y, width: wide, height: HEIGHT, rx: 5 });
    const text = svg("text", { x: place.x + 6, y: place.y + 14 }, said);
    return svg("g.name", { hue: mark.hue, "data-on": isChosen(mark) }, ground, text);
  });
}

/** As much of a name as that width holds. */
function fitting(name, width) {
  if (LETTERS.measureText(name).width <= width) return name;
  let length = name.length;
  while (length > 1 && LETTERS.measureText(`${name.slice(0, length)}…`).width > width) length--;
  return `${name.slice(0, length)}…`;
}

/** Where a name of that width may stand beside its box, the best first. */
function placesFor(box, wide, width, height) {
  const inside = (x) => Math.max(0, Math.min(x, width - wide));
  const [top, bottom] = [box.Top * height, (box.Top + box.Height) * height];
  const ys = [top - HEIGHT - 2, Math.max(top, 0) + 3, bottom + 2, bottom - HEIGHT - 3];
  const xs = [inside(box.Left * width), inside((box.Left + box.Width) * width - wide)];
  return xs.flatMap((x) => ys.map((y) => ({ x, y, wide })));
}

const meet = (one, other) =>
  Math.abs(one.y - other.y) < HEIGHT + 1 && one.x < other.x + other.wide + 2 && other.x < one.x + one.wide + 2;

function around(polygon) {
  const xs = polygon.map((corner) => corner.X);
  const ys = polygon.map((corner) => corner.Y);
  return {
    Left: Math.min(...xs),
    Top: Math.min(...ys),
    Width: Math.max(...xs) - Math.min(...xs),
    Height: Math.max(...ys) - Math.min(...ys),
  };
}

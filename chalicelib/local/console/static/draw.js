// Boxes, polygons and points over a picture or a video, with names that keep out of each other's way.

import { fill, svg } from "./dom.js";

const LETTERS = document.createElement("canvas").getContext("2d");
const HEIGHT = 20;
const NAMES = 2;

/**
 * Keep an overlay over `shown`, an img or video that lies in a positioned element.
 * A mark is { id, hue, name, box?, polygon?, points? }, places as Rekognition gives them: ratios of width and height.
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
    const names = placed(
      marks.toReversed().toSorted((one) => (one.ids.includes(this.chosen) ? -1 : 0)),
      width,
      height,
      this.chosen,
    );
    fill(
      this.element,
      marks.map((mark) => this.shape(mark, width, height)),
      names,
    );
  }

  shape(mark, width, height) {
    const group = svg("g.mark", { hue: mark.hue, "data-on": mark.ids.includes(this.chosen) });
    const { box, polygon, points = [] } = mark;
    if (polygon) {
      const corners = polygon.map((corner) => `${within(corner.X) * width},${within(corner.Y) * height}`).join(" ");
      group.append(svg("polygon.under", { points: corners }), svg("polygon", { points: corners }));
    } else if (box) {
      const [left, right] = [box.Left, box.Left + box.Width].map((ratio) => within(ratio) * width);
      const [top, bottom] = [box.Top, box.Top + box.Height].map((ratio) => within(ratio) * height);
      const place = { x: left, y: top, width: right - left, height: bottom - top, rx: 4 };
      group.append(svg("rect.under", place), svg("rect", place));
    }
    for (const point of points)
      group.append(svg("circle", { cx: point.X * width, cy: point.Y * height, r: points.length > 5 ? 1.7 : 2.4 }));
    return group;
  }
}

/** Marks of one colour in the same place as one mark with all their names; `ids` are all theirs. */
function merged(marks) {
  const kept = [];
  for (const mark of marks) {
    const same = mark.box && kept.find((other) => other.hue === mark.hue && other.box && alike(other.box, mark.box));
    if (!same) kept.push({ ...mark, ids: [mark.id], names: [mark.name] });
    else if (!same.names.includes(mark.name))
      Object.assign(same, { ids: [...same.ids, mark.id], names: [...same.names, mark.name] });
    else same.ids.push(mark.id);
  }
  return kept.map((mark) => ({
    ...mark,
    name:
      mark.names.filter(Boolean).slice(0, NAMES).join(", ") +
      (mark.names.length > NAMES ? ` +${mark.names.length - NAMES}` : ""),
  }));
}

const alike = (one, other) =>
  ["Left", "Top", "Width", "Height"].every((side) => Math.abs(one[side] - other[side]) < 0.02);

/** A place within the picture: boxes may reach beyond it. */
const within = (ratio) => Math.max(0, Math.min(1, ratio));

const area = ({ box }) => (box ? box.Width * box.Height : 0);

/** The names, each where it hides no other: above its box, in it or below it. Where there is no room, none is shown. */
function placed(marks, width, height, chosen) {
  LETTERS.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  const taken = [];
  return marks.flatMap((mark) => {
    if (!mark.name || !(mark.box || mark.polygon)) return [];
    const box = mark.box ?? around(mark.polygon);
    const wide = Math.min(LETTERS.measureText(mark.name).width + 12, width);
    const x = Math.max(0, Math.min(box.Left * width, width - wide));
    const top = box.Top * height;
    const bottom = top + box.Height * height;
    const heights = [top - HEIGHT - 2, top + 3, bottom + 2, bottom - HEIGHT - 3];
    const right = Math.max(0, Math.min((box.Left + box.Width) * width - wide, width - wide));
    const free = [x, right]
      .flatMap((left) => heights.map((y) => ({ x: left, y, wide })))
      .find((place) => place.y >= 0 && place.y + HEIGHT <= height && !taken.some((other) => meet(place, other)));
    if (!free && !mark.ids.includes(chosen)) return [];
    const place = free ?? { x, y: Math.max(0, top), wide };
    taken.push(place);
    return svg(
      "g.name",
      { hue: mark.hue, "data-on": mark.ids.includes(chosen) },
      svg("rect", { x: place.x, y: place.y, width: wide, height: HEIGHT, rx: 5 }),
      svg("text", { x: place.x + 6, y: place.y + 14 }, mark.name),
    );
  });
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

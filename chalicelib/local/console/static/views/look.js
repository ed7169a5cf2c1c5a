// Drop a photo and see what Rekognition sees.

import { ANALYSES } from "../analyses.js";
import { call, region as regionOf } from "../api.js";
import { inspector } from "../code.js";
import { fill, h } from "../dom.js";
import { staged } from "../draw.js";
import { listed, sureEnough } from "../findings.js";
import { head, say, tabs, tell } from "../parts.js";
import { dropPlace, Photo } from "../photo.js";

/** What is looked at stays while other views are open: the photo, what each analysis says of it, what is shown. */
const state = {
  photo: null,
  seen: new Map(),
  on: new Set(ANALYSES.map((each) => each.id)),
  show: () => {},
  redraw: () => {},
  least: 50,
  landmarks: true,
};

export async function look(main) {
  const region = await regionOf();
  const page = h("div");
  main.append(head("Look", "Drop a photo: every answer is drawn on it, with the response and the call to copy."), page);
  state.show = () => draw(page, region); // a photo may be read when the view was left and opened again
  state.show();
}

async function open(files) {
  try {
    state.photo = await Photo.of(files[0]);
  } catch (error) {
    return tell(error.message);
  }
  state.seen = new Map();
  return state.show();
}

function draw(page, region) {
  if (!state.photo) {
    fill(page, dropPlace(open));
    page.firstChild.classList.add("tall");
    return;
  }
  const { name, width, height } = state.photo;
  const { figure, overlay } = staged(state.photo, `${name}, ${width} by ${height} pixels`);
  const chips = h("div.chips", { role: "group", "aria-label": "What is drawn" });
  const findings = h("div.findings");
  const inspected = inspector(region);

  function redraw() {
    const shown = ANALYSES.filter((each) => state.on.has(each.id));
    const lists = shown.map((each) => listed(each, state.seen.get(each.id), state, overlay));
    fill(chips, ...ANALYSES.map((each) => chip(each, redraw)));
    fill(findings, ...lists.map((each) => each.element));
    overlay.show(lists.flatMap((each) => each.marks));
    inspected.show(made());
  }

  const panels = [
    ["Findings", findings],
    ["Response", inspected.response],
    ["Code", inspected.code],
  ];
  const another = dropPlace(open, { says: "Drop another photo", low: true });
  const left = h("div.stack", h("div.row", chips), figure, settings(redraw), another);
  const right = h("section.panel.results", { "aria-label": "What was seen" }, tabs("What was seen", panels));
  fill(page, h("div.look", left, right));
  state.redraw = redraw; // answers may come when the view was left and opened again
  redraw();
  for (const analysis of ANALYSES) if (!state.seen.has(analysis.id)) analyse(analysis);
}

/** What of the findings is shown. */
function settings(redraw) {
  const bound = h("output.number", `${state.least} %`);
  const least = h("input", {
    type: "range",
    min: 0,
    max: 99,
    value: state.least,
    "aria-label": "Least confidence in percent",
  });
  const landmarks = h("input", { type: "checkbox", checked: state.landmarks });
  const change = () => {
    Object.assign(state, { least: least.valueAsNumber, landmarks: landmarks.checked });
    bound.textContent = `${state.least} %`;
    redraw();
  };
  least.addEventListener("input", change);
  landmarks.addEventListener("change", change);
  const confidence = h("label.check", "Least confidence", least);
  return h("div.row.small.muted", confidence, bound, h("label.check", landmarks, "Landmarks"));
}

async function analyse({ id, operation, members, findings }) {
  const { photo, seen } = state;
  const began = performance.now();
  seen.set(id, { busy: true });
  state.redraw();
  try {
    const answer = await call(operation, { Image: { Bytes: photo }, ...members });
    seen.set(id, { answer, findings: findings(answer), milliseconds: performance.now() - began });
  } catch (error) {
    seen.set(id, { error });
  }
  if (seen !== state.seen) return; // another photo came meanwhile
  state.redraw();
  if ([...seen.values()].every((each) => !each.busy)) say(`${photo.name}: ${counted(seen)}`);
}

const counted = (seen) =>
  ANALYSES.map(({ id, title }) => `${title.toLowerCase()} ${seen.get(id)?.findings?.length ?? "failed"}`).join(", ");

/** The calls that were answered, for the inspector. */
const made = () =>
  ANALYSES.flatMap(({ id, operation, members }) => {
    const answer = state.seen.get(id)?.answer;
    return answer ? [{ operation, members: { Image: { Bytes: state.photo }, ...members }, answer }] : [];
  });

/** The button that draws an analysis or leaves it out. */
function chip({ id, title }, redraw) {
  const seen = state.seen.get(id);
  const count = seen?.error ? "!" : seen?.findings ? String(sureEnough(seen, state.least).length) : "…";
  const toggle = (event) => {
    if (!state.on.delete(id)) state.on.add(id);
    const group = event.currentTarget.parentElement;
    const at = [...group.children].indexOf(event.currentTarget);
    redraw();
    group.children[at].focus();
  };
  const pressed = { "aria-pressed": String(state.on.has(id)), "aria-busy": String(Boolean(seen?.busy)) };
  return h("button.chip", { type: "button", hue: `var(--${id})`, ...pressed, onclick: toggle }, title, h("b", count));
}

// Drop a photo and see what Rekognition sees.

import { call, region as regionOf } from "../api.js";
import { ANALYSES } from "../analyses.js";
import { inspector } from "../code.js";
import { fill, h, head, percent, plural, say, tabs, tell, trouble } from "../dom.js";
import { Overlay } from "../draw.js";
import { dropPlace, Photo } from "../photo.js";

const SHOWN = 10;

/** What is looked at stays while other views are open: the photo, and what each analysis says of it. */
const state = { photo: null, seen: new Map(), on: new Set(ANALYSES.map((each) => each.id)), least: 50, landmarks: true };

export async function look(main) {
  const region = await regionOf();
  const page = h("div", {});
  main.append(head("Look", "Drop a photo: every answer is drawn on it, with the response and the call to copy."), page);
  draw(page, region);
}

async function open(files, page, region) {
  try {
    state.photo = await Photo.of(files[0]);
  } catch (error) {
    return tell(error.message);
  }
  state.seen = new Map();
  return draw(page, region);
}

function draw(page, region) {
  const take = (files) => open(files, page, region);
  if (!state.photo) {
    fill(page, dropPlace(take));
    page.firstChild.classList.add("tall");
    return;
  }
  const image = h("img", { src: state.photo.url, alt: `${state.photo.name}, ${state.photo.width} by ${state.photo.height} pixels` });
  const overlay = new Overlay(image);
  const chips = h("div.chips", { role: "group", "aria-label": "What is drawn" });
  const findings = h("div.findings", {});
  const inspected = inspector(region);
  const least = h("input", { type: "range", min: 0, max: 99, value: state.least, "aria-label": "Least confidence in percent", oninput: () => {
    state.least = least.valueAsNumber;
    redraw();
  } });
  const bound = h("output.number", {});
  const landmarks = h("input", { type: "checkbox", checked: state.landmarks, onchange: () => { state.landmarks = landmarks.checked; redraw(); } });

  function redraw() {
    bound.textContent = `${state.least} %`;
    fill(chips, ANALYSES.map((analysis) => chip(analysis, redraw)));
    const sections = ANALYSES.filter((each) => state.on.has(each.id)).map((each) => section(each, overlay));
    fill(findings, sections.map((each) => each.element));
    overlay.show(sections.flatMap((each) => each.marks));
    inspected.show(ANALYSES.flatMap(({ id, operation, members }) => {
      const seen = state.seen.get(id);
      return seen?.answer ? [{ operation, members: { Image: { Bytes: state.photo }, ...members }, answer: seen.answer }] : [];
    }));
  }

  fill(page, h("div.look", {},
    h("div.stack", {},
      h("div.row", {}, chips),
      h("figure.stage", {}, h("div.shown", {}, image, overlay.element)),
      h("div.row.small.muted", {}, h("label.check", {}, "Least confidence", least), bound, h("label.check", {}, landmarks, "Landmarks")),
      dropPlace(take, { says: "Drop another photo", low: true })),
    h("section.panel.results", { "aria-label": "What was seen" }, tabs("What was seen", [["Findings", findings], ["Response", inspected.response], ["Code", inspected.code]]))));
  redraw();
  for (const analysis of ANALYSES) if (!state.seen.has(analysis.id)) analyse(analysis, redraw);
}

async function analyse({ id, operation, members, title, findings }, redraw) {
  const { photo, seen } = state;
  const began = performance.now();
  seen.set(id, { busy: true });
  redraw();
  try {
    const answer = await call(operation, { Image: { Bytes: photo }, ...members });
    seen.set(id, { answer, findings: findings(answer), milliseconds: performance.now() - began });
  } catch (error) {
    seen.set(id, { error });
  }
  if (seen !== state.seen) return;  // another photo came meanwhile
  redraw();
  if ([...seen.values()].every((each) => !each.busy)) say(`${photo.name}: ${counted(seen)}`);
}

const counted = (seen) => ANALYSES.map(({ id, title }) => `${title.toLowerCase()} ${seen.get(id)?.findings?.length ?? "failed"}`).join(", ");

const kept = (seen) => (seen?.findings ?? []).filter((each) => each.confidence >= state.least);

function chip({ id, title }, redraw) {
  const seen = state.seen.get(id);
  return h("button.chip", { type: "button", hue: `var(--${id})`, "aria-pressed": String(state.on.has(id)), "aria-busy": String(Boolean(seen?.busy)), onclick: (event) => {
    if (!state.on.delete(id)) state.on.add(id);
    const group = event.currentTarget.parentElement;
    const at = [...group.children].indexOf(event.currentTarget);
    redraw();
    group.children[at].focus();
  } }, title, h("b", {}, seen?.error ? "!" : seen?.findings ? String(kept(seen).length) : "…"));
}

/** An analysis's findings as a list, and their marks. Pointing at one brings out its marks. */
function section({ id, title, operation }, overlay) {
  const seen = state.seen.get(id);
  const hue = `var(--${id})`;
  const found = kept(seen);
  const marks = [];
  const rows = found.map((finding, at) => {
    const own = `${id}-${at}`;
    for (const mark of finding.marks) marks.push({ ...mark, id: own, hue, points: state.landmarks ? mark.points : undefined });
    const bring = () => overlay.choose(own);
    const leave = () => overlay.choose(null);
    return h("details.finding", { hue, hidden: at >= SHOWN, onmouseenter: bring, onmouseleave: leave, onfocusin: bring, onfocusout: leave },
      h("summary", {}, h("span.clip", {}, finding.title), h("span.muted.small.clip", {}, finding.note), h("span.number.small", {}, percent(finding.confidence)),
        h("span.bar", {}, strip(finding.confidence))),
      h("dl", {}, finding.details.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
  });
  const more = rows.length > SHOWN && h("button.quiet.small", { type: "button", onclick: () => {
    rows.forEach((row) => { row.hidden = false; });
    rows[SHOWN].querySelector("summary").focus();
    more.remove();
  } }, `Show ${rows.length - SHOWN} more`);
  const state_ = seen?.busy ? "looking…" : seen?.milliseconds ? `${plural(Math.round(seen.milliseconds), "ms", "ms")}` : "";
  const element = h("section", {}, h("h2.section", { hue }, title, h("span.muted.small", { title: operation }, state_)),
    seen?.error && trouble(seen.error), !seen?.busy && !seen?.error && !rows.length && h("p.muted.small.none", {}, "Nothing above that confidence."), rows, more);
  return { element, marks };
}

function strip(confidence) {
  const filled = h("i", {});
  filled.style.width = `${confidence}%`;
  return filled;
}

// What an analysis of a photo found, as a list beside the photo and as marks on it.

import { h } from "./dom.js";
import { percent, plural } from "./format.js";
import { bar, trouble } from "./parts.js";

/** Findings that are shown before somebody asks for more. */
const SHOWN = 10;

/** The findings of an analysis that are sure enough. */
export const sureEnough = (seen, least) => (seen?.findings ?? []).filter((each) => each.confidence >= least);

/**
 * An analysis's findings as `{ element, marks }`. Pointing at one, or going to it by keyboard, brings out its marks.
 * `seen` is what is known so far: { busy }, { error } or { findings, milliseconds }.
 */
export function listed({ id, title, operation }, seen, { least, landmarks }, overlay) {
  const hue = `var(--${id})`;
  const found = sureEnough(seen, least).map((finding, at) => ({ ...finding, id: `${id}-${at}` }));
  const marks = found.flatMap((finding) =>
    finding.marks.map((mark) => ({ ...mark, id: finding.id, hue, points: landmarks ? mark.points : undefined })),
  );
  const rows = found.map((finding) => row(finding, hue, overlay));
  const told = seen?.busy ? "looking…" : seen?.milliseconds ? plural(Math.round(seen.milliseconds), "ms", "ms") : "";
  const element = h(
    "section",
    h("h2.section", { hue }, title, h("span.muted.small", { title: operation }, told)),
    seen?.error && trouble(seen.error),
    seen?.findings && !rows.length && h("p.muted.small.none", "Nothing above that confidence."),
    rows,
    rows.length > SHOWN && folded(rows),
  );
  return { element, marks };
}

function row({ id, title, note, confidence, details }, hue, overlay) {
  const bring = () => overlay.choose(id);
  const leave = () => overlay.choose(null);
  const known = details.filter(([, value]) => value);
  return h(
    "details.finding",
    { hue, onmouseenter: bring, onmouseleave: leave, onfocusin: bring, onfocusout: leave },
    h(
      "summary",
      h("span.clip", title),
      h("span.muted.small.clip", note),
      h("span.number.small", percent(confidence)),
      bar(confidence),
    ),
    h(
      "dl",
      known.map(([name, value]) => [h("dt", name), h("dd", value)]),
    ),
  );
}

/** Hide the rows that are too many; the button shows them. */
function folded(rows) {
  const rest = rows.slice(SHOWN);
  for (const each of rest) each.hidden = true;
  const show = () => {
    for (const each of rest) each.hidden = false;
    rest[0].querySelector("summary").focus();
    button.remove();
  };
  const button = h("button.quiet.small", { type: "button", onclick: show }, `Show ${rest.length} more`);
  return button;
}

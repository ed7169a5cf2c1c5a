// The calls of late, live.

import { own } from "../api.js";
import { h } from "../dom.js";
import { bytes } from "../format.js";
import { bar, head, table, tag, tell } from "../parts.js";

const EVERY = 1000;
const MOST = 500;
/** Milliseconds that fill the bar; it grows with their square root. */
const SLOW = 4000;
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };
const HEADS = ["Time", "Operation", "Status", ["ms", "number"], ["Sent", "number"], "Found", "Caller"];

/** Survives a change of view: the calls that were cleared away stay so. */
let cleared = 0;

export async function requests(main) {
  const sought = { type: "search", "aria-label": "Filter calls", placeholder: "Filter: operation, caller, error…" };
  const filter = h("input", { ...sought, oninput: () => sift() });
  const errors = h("input", { type: "checkbox", onchange: () => sift() });
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => toggle() }, "Pause");
  const clear = h("button", { type: "button", onclick: () => forget() }, "Clear");
  const rows = h("tbody");
  const empty = h("p.empty");
  let last = cleared;
  let timer;
  let gone = false;

  const paused = () => pause.getAttribute("aria-pressed") === "true";
  function toggle() {
    pause.setAttribute("aria-pressed", String(!paused()));
    pause.textContent = paused() ? "Go on" : "Pause";
  }
  function forget() {
    cleared = last;
    rows.replaceChildren();
    sift();
  }
  const calls = () => rows.querySelectorAll("tr.call");

  /** Show the calls that fit the filter. */
  function sift() {
    let shown = 0;
    for (const row of calls()) {
      row.hidden = (errors.checked && !row.call.Error) || !row.text.includes(filter.value.toLowerCase());
      if (row.more) row.more.hidden = row.hidden || !isOpen(row);
      shown += row.hidden ? 0 : 1;
    }
    empty.hidden = shown > 0;
    empty.textContent = rows.children.length
      ? "No call fits the filter."
      : "No calls yet. Whatever calls Rekognition on this port is listed here.";
  }

  function add(fresh) {
    if (fresh[0].Number <= last) rows.replaceChildren(); // another process answers now
    last = fresh.at(-1).Number;
    rows.prepend(...fresh.toReversed().map(rowOf));
    while (calls().length > MOST) rows.lastChild.remove();
  }

  async function poll() {
    let wait = EVERY;
    try {
      const fresh = paused() || document.hidden ? [] : (await own(`requests?after=${last}`)).Requests;
      if (fresh.length && !gone) add(fresh);
      sift();
    } catch (error) {
      tell(`The server does not answer: ${error.message}`);
      wait = 3 * EVERY;
    }
    if (!gone) timer = setTimeout(poll, wait);
  }

  const said = "Every call of Rekognition on this port, as it ends. Pictures are never shown or kept.";
  main.append(
    head("Requests", said, filter, h("label.check", errors, "Errors only"), pause, clear),
    h("div.panel.scroll", table("table.calls", HEADS, rows), empty),
  );
  await poll();
  return () => {
    gone = true;
    clearTimeout(timer);
  };
}

const isOpen = (row) => row.querySelector("button").getAttribute("aria-expanded") === "true";

/** A call as a row that opens; it holds `call` and, for the filter, its `text`. */
function rowOf(call) {
  const found = Object.entries(call.Found).map(([name, count]) => `${name} ${count}`);
  const caller = [call.Caller, call.Client].filter(Boolean).join(" · ") || "nobody named";
  const digits = { maximumFractionDigits: call.Milliseconds < 10 ? 1 : 0 };
  const status = call.Error ? `${call.Status} ${call.Error}` : String(call.Status);
  const opening = { type: "button", "aria-expanded": "false", onclick: () => open(row) };
  const row = h(
    "tr.call",
    h("td.muted.mono", new Date(call.Time).toLocaleTimeString("en-GB", CLOCK)),
    h("td", h("button.quiet.name", opening, call.Operation || "unknown")),
    h("td", tag(status, call.Error ? "bad" : "good", { title: call.Message })),
    h("td.number", call.Milliseconds.toLocaleString("en", digits), bar(Math.sqrt(call.Milliseconds / SLOW) * 100)),
    h("td.number.muted", call.RequestBytes === null ? "" : bytes(call.RequestBytes)),
    h("td.muted.clip.found", { title: found.join(", ") }, found.join(", ")),
    h("td.muted.clip.who", { title: caller }, caller),
  );
  row.call = call;
  row.text = JSON.stringify(call).toLowerCase();
  return row;
}

function open(row) {
  const opened = !isOpen(row);
  row.querySelector("button").setAttribute("aria-expanded", String(opened));
  if (!row.more) row.after((row.more = details(row.call)));
  row.more.hidden = !opened;
}

function details({ RequestId: id, Message: message, Request: asked }) {
  const facts = [
    ["Request id", h("code", id)],
    ["Message", message],
    ["Asked", asked && h("pre", { tabindex: 0, "aria-label": "Asked" }, JSON.stringify(asked, null, 2))],
  ];
  const told = facts.filter(([, value]) => value).map(([name, value]) => [h("dt", name), h("dd", value)]);
  return h("tr.more", h("td", { colspan: HEADS.length }, h("dl.facts", told)));
}

// The calls of late, live.

import { own } from "../api.js";
import { bar, bytes, fill, h, head, tell } from "../dom.js";

const EVERY = 1000;
const MOST = 500;
/** Milliseconds that fill the bar; it grows with their square root. */
const SLOW = 4000;
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };

/** Survives a change of view: the calls that were cleared away stay so. */
let cleared = 0;

export async function requests(main) {
  const filter = h("input", {
    type: "search",
    "aria-label": "Filter calls",
    placeholder: "Filter: operation, caller, error…",
    oninput: () => sift(),
  });
  const errors = h("input", { type: "checkbox", onchange: () => sift() });
  const pause = h(
    "button",
    {
      type: "button",
      "aria-pressed": "false",
      onclick: () => {
        const paused = pause.getAttribute("aria-pressed") !== "true";
        pause.setAttribute("aria-pressed", String(paused));
        pause.textContent = paused ? "Go on" : "Pause";
      },
    },
    "Pause",
  );
  const rows = h("tbody", {});
  const empty = h("p.empty", {}, "No calls yet. Whatever calls Rekognition on this port is listed here.");
  const heads = ["Time", "Operation", "Status", "ms", "Sent", "Found", "Caller"];
  let last = cleared;
  let timer;
  let gone = false;

  const fits = (row) => (!errors.checked || row.call.Error) && row.text.includes(filter.value.toLowerCase());
  function sift() {
    let shown = 0;
    for (const row of rows.querySelectorAll("tr.call")) {
      row.hidden = !fits(row);
      if (row.more)
        row.more.hidden = row.hidden || row.querySelector("button").getAttribute("aria-expanded") !== "true";
      shown += row.hidden ? 0 : 1;
    }
    empty.hidden = shown > 0;
  }

  async function poll() {
    if (pause.getAttribute("aria-pressed") !== "true" && !document.hidden) {
      const { Requests: fresh } = await own(`requests?after=${last}`);
      if (gone) return;
      if (fresh.length) {
        if (fresh[0].Number <= last) rows.replaceChildren(); // another process answers now
        last = fresh.at(-1).Number;
        rows.prepend(...fresh.toReversed().map(row));
        while (rows.querySelectorAll("tr.call").length > MOST) rows.lastChild.remove();
        sift();
      }
    }
    timer = setTimeout(again, EVERY);
  }
  const again = () =>
    poll().catch((error) => {
      tell(`The server does not answer: ${error.message}`);
      timer = setTimeout(again, 3 * EVERY);
    });

  main.append(
    head(
      "Requests",
      "Every call of Rekognition on this port, as it ends. Pictures are never shown or kept.",
      filter,
      h("label.check", {}, errors, "Errors only"),
      pause,
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            cleared = last;
            rows.replaceChildren();
            sift();
          },
        },
        "Clear",
      ),
    ),
    h(
      "div.panel.scroll",
      {},
      h(
        "table.calls",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((title) => h(title === "ms" || title === "Sent" ? "th.number" : "th", { scope: "col" }, title)),
          ),
        ),
        rows,
      ),
      empty,
    ),
  );
  await poll();
  sift();
  return () => {
    gone = true;
    clearTimeout(timer);
  };
}

function row(call) {
  const found = Object.entries(call.Found)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
  const expand = h(
    "button.quiet.name",
    {
      type: "button",
      "aria-expanded": "false",
      onclick: () => {
        const open = expand.getAttribute("aria-expanded") !== "true";
        expand.setAttribute("aria-expanded", String(open));
        if (open && !line.more) line.after((line.more = details(call)));
        if (line.more) line.more.hidden = !open;
      },
    },
    call.Operation || "unknown",
  );
  const line = h(
    "tr.call",
    {},
    h("td.muted.mono", {}, new Date(call.Time).toLocaleTimeString("en-GB", CLOCK)),
    h("td", {}, expand),
    h(
      "td",
      {},
      h(
        `span.tag.${call.Error ? "bad" : "good"}`,
        { title: call.Message },
        call.Error ? `${call.Status} ${call.Error}` : String(call.Status),
      ),
    ),
    h(
      "td.number",
      {},
      call.Milliseconds.toLocaleString("en", { maximumFractionDigits: call.Milliseconds < 10 ? 1 : 0 }),
      bar(Math.sqrt(call.Milliseconds / SLOW) * 100),
    ),
    h("td.number.muted", {}, call.RequestBytes === null ? "" : bytes(call.RequestBytes)),
    h("td.muted.clip.found", { title: found }, found),
    h(
      "td.muted.clip.who",
      { title: call.Caller },
      [call.Caller, call.Client].filter(Boolean).join(" · ") || "nobody named",
    ),
  );
  line.call = call;
  line.text = [
    call.Operation,
    call.Error,
    call.Message,
    call.Caller,
    call.Client,
    call.RequestId,
    JSON.stringify(call.Request),
  ]
    .join(" ")
    .toLowerCase();
  return line;
}

const details = (call) =>
  h(
    "tr.more",
    {},
    h(
      "td",
      { colspan: 7 },
      h(
        "dl.facts",
        {},
        [
          ["Request id", h("code", {}, call.RequestId)],
          ["Message", call.Message],
          [
            "Asked",
            call.Request && h("pre", { tabindex: 0, "aria-label": "Asked" }, JSON.stringify(call.Request, null, 2)),
          ],
        ]
          .filter(([, value]) => value)
          .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ),
    ),
  );

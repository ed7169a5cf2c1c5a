// One job: the video, what was seen drawn on it, and when, on a timeline.

import { call, getObject, own, region as regionOf } from "../api.js";
import { inspector } from "../code.js";
import { fill, h } from "../dom.js";
import { Overlay } from "../draw.js";
import { FILMS, filmTitle, rowsOf } from "../films.js";
import { percent, plural } from "../format.js";
import { tabs, tell, trouble } from "../parts.js";
import { state } from "./videos.js";

const LARGEST = 200e6;
const MOST = 20_000;
const ROWS = 30;

export async function video(main, id) {
  const region = await regionOf();
  const told = h("span");
  const body = h("div", h("p.empty", "Waiting for the job to end…"));
  const { Jobs: jobs } = await own("jobs");
  const job = jobs.find((each) => each.JobId === id);
  if (!job) throw new Error("There is no such job. Jobs are kept for a week.");
  main.append(
    h(
      "div.head",
      h(
        "div",
        h("p.small", h("a", { href: "#/videos" }, "Videos")),
        h("h1", `${filmTitle(job.Analysis)} of ${job.Video.Name}`),
        h("p", told),
      ),
    ),
    body,
  );
  let timer;
  let url;
  async function wait() {
    const now = await own(`jobs/${id}`);
    fill(told, state(now));
    if (now.JobStatus === "IN_PROGRESS")
      timer = setTimeout(() => wait().catch((error) => fill(body, trouble(error))), 700);
    else if (now.JobStatus === "FAILED") fill(body, trouble({ message: now.StatusMessage }));
    else url = await show(body, job, region);
  }
  await wait();
  return () => {
    clearTimeout(timer);
    if (url) URL.revokeObjectURL(url);
  };
}

async function show(body, job, region) {
  const film = FILMS[job.Analysis];
  const operation = `Get${job.Analysis}`;
  const members = { JobId: job.JobId };
  const first = await call(operation, members);
  const results = [...first[film.member]];
  for (let next = first.NextToken; next && results.length < MOST;) {
    const page = await call(operation, { ...members, NextToken: next });
    results.push(...page[film.member]);
    next = page.NextToken;
  }
  const metadata = [first.VideoMetadata].flat()[0];
  const seconds = metadata.DurationMillis / 1000;
  const moments = results.flatMap(film.moments);
  const gap = gapOf(moments, seconds);
  const rows = rowsOf(moments, gap);
  const inspected = inspector(region);
  inspected.show([{ operation, members, answer: first }]);
  const player = await playerOf(job.Video);
  const line = timeline(rows, seconds, (at) => {
    if (player) player.currentTime = at;
    drawAt(at);
  });
  const overlay = player && new Overlay(player);

  function drawAt(at) {
    line.at(at);
    const near = moments.filter(
      (moment) =>
        moment.marks.length &&
        (moment.to === null ? Math.abs(moment.from - at) <= gap * 0.55 : moment.from <= at && at <= moment.to),
    );
    const nearest = Math.min(...near.map((moment) => Math.abs(moment.from - at)));
    overlay?.show(
      near
        .filter((moment) => Math.abs(moment.from - at) === nearest)
        .flatMap((moment) =>
          moment.marks.map((mark, each) => ({ ...mark, id: `${moment.row}-${each}`, hue: "var(--faces)" })),
        ),
    );
  }
  if (player) {
    const follow = () => {
      drawAt(player.currentTime);
      if (!player.paused) player.requestVideoFrameCallback?.(follow);
    };
    for (const event of ["play", "seeked", "timeupdate", "loadeddata"]) player.addEventListener(event, follow);
  }

  const frames = `${metadata.FrameWidth} × ${metadata.FrameHeight}, ${metadata.FrameRate.toFixed(1)} frames a second`;
  const facts = `${frames}, ${seconds.toFixed(1)} s, ${metadata.Codec}. ${plural(results.length, "result")}.`;
  fill(
    body,
    h(
      "div.stack",
      player
        ? h("figure.stage", h("div.shown", player, overlay.element))
        : h("p.panel.empty", "The video itself is gone or too large to be shown; its results are not."),
      h("p.muted.small", facts),
      h(
        "section.panel",
        { "aria-label": "What was seen" },
        tabs("What was seen", [
          ["Timeline", line.element],
          ["Response", inspected.response],
          ["Code", inspected.code],
        ]),
      ),
    ),
  );
  return player?.src;
}

/** Seconds between frames that were looked at: the smallest step of the results, at least a fiftieth of the film. */
function gapOf(moments, seconds) {
  const times = [...new Set(moments.map((moment) => moment.from))].sort((one, other) => one - other);
  const steps = times.slice(1).map((time, at) => time - times[at]);
  return steps.length ? Math.min(...steps) : Math.max(seconds / 50, 0.2);
}

async function playerOf({ Bucket: bucket, Name: name }) {
  let blob;
  try {
    blob = await getObject(bucket, name);
  } catch (error) {
    tell(`${name}: ${error.message}`);
    return null;
  }
  if (blob.size > LARGEST) return null;
  return h("video", {
    src: URL.createObjectURL(blob),
    controls: true,
    muted: true,
    playsinline: true,
    "aria-label": name,
  });
}

/** Rows of spans over time; choosing a moment calls `seek` with its second. */
function timeline(rows, seconds, seek) {
  const needle = h("i.needle");
  const ticks = h(
    "div.ticks.small.muted",
    { "aria-hidden": "true" },
    Array.from({ length: 6 }, (_, at) => h("span", `${((seconds * at) / 5).toFixed(seconds < 20 ? 1 : 0)} s`)),
  );
  const drawn = rows.slice(0, ROWS).map((row) =>
    h(
      "div.track",
      h("span.clip", { title: row.name }, row.name),
      h(
        "div.spans",
        row.spans.map((span) => {
          const mark = h("button.span", {
            type: "button",
            "aria-label": `${row.name} at ${span.from.toFixed(1)} seconds`,
            title: `${row.name}, ${span.from.toFixed(1)} to ${span.to.toFixed(1)} s`,
            onclick: () => seek(span.from),
          });
          mark.style.left = `${(span.from / seconds) * 100}%`;
          mark.style.width = `${(Math.min(span.to, seconds) / seconds) * 100 - (span.from / seconds) * 100}%`;
          return mark;
        }),
      ),
      h("span.number.small.muted", row.confidence ? percent(row.confidence) : ""),
    ),
  );
  const left = rows.length - ROWS;
  const element = h(
    "div.timeline.pad",
    drawn.length
      ? [
          h("div.track", h("span"), ticks),
          drawn,
          h("div.over", needle),
          left > 0 && h("p.muted.small", `and ${left} rows more: see the response`),
        ]
      : h("p.empty", "Nothing was seen."),
  );
  return {
    element,
    at: (second) => {
      needle.style.left = `${Math.min(second / seconds, 1) * 100}%`;
    },
  };
}

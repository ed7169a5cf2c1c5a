// Jobs: videos that are or were looked at.

import { about, all, call, own, putObject } from "../api.js";
import { fill, h, head, plural, tell, when } from "../dom.js";
import { FILMS, filmTitle } from "../films.js";
import { dropPlace } from "../photo.js";

const FILM = /\.(mp4|mov|avi|mkv)$/i;
const LOOK = { SUCCEEDED: "good", FAILED: "bad", IN_PROGRESS: "warn" };

export async function videos(main) {
  const { UploadsBucket: bucket } = await about();
  const list = h("div.panel.scroll", {});
  const film = h("select", { "aria-label": "Video" });
  const analysis = h(
    "select",
    {
      "aria-label": "Analysis",
      onchange: () => {
        collection.hidden = !FILMS[analysis.value].collection;
      },
    },
    Object.entries(FILMS).map(([name, { title }]) => h("option", { value: name }, title)),
  );
  const collection = h("select", { "aria-label": "Collection to search", hidden: true });
  const start = h("button.main", {}, "Start");
  const starting = h("form.row", { onsubmit: begin }, film, analysis, collection, start);
  let timer;
  let turn = 0;

  async function begin(event) {
    event.preventDefault();
    const members = { Video: { S3Object: { Bucket: bucket, Name: film.value } }, ...FILMS[analysis.value].start };
    if (FILMS[analysis.value].collection) members.CollectionId = collection.value;
    try {
      const { JobId: job } = await call(`Start${analysis.value}`, members);
      tell(`${filmTitle(analysis.value)} of ${film.value} started.`);
      location.hash = `#/videos/${job}`;
    } catch (error) {
      tell(`${error.code}: ${error.message}`);
    }
  }

  async function load() {
    clearTimeout(timer);
    const mine = ++turn;
    const { Jobs: jobs } = await own("jobs");
    if (mine !== turn) return;
    fill(
      list,
      jobs.length ? table(jobs) : h("p.empty", {}, "No jobs yet. Drop a video, or start one with StartLabelDetection."),
    );
    timer = setTimeout(() => load().catch(() => {}), jobs.some((job) => job.JobStatus === "IN_PROGRESS") ? 1000 : 5000);
  }

  /** The videos that can be chosen: those of the first thousand objects, and those that jobs were about. */
  async function choices(chosen) {
    const keys = new Set();
    let after = "";
    for (let page = 0; page < 10; page++) {
      const told = await own(`uploads?after=${encodeURIComponent(after)}`);
      told.Objects.filter(({ Key: key }) => FILM.test(key)).forEach(({ Key: key }) => keys.add(key));
      if (!(after = told.NextToken)) break;
    }
    fill(
      film,
      [...keys].map((key) => h("option", { selected: key === chosen }, key)),
    );
    starting.hidden = !keys.size;
  }

  async function put(files) {
    const key = files[0].name;
    tell(`${key} is being put into ${bucket}…`, 60);
    try {
      await putObject(bucket, key, files[0]);
    } catch (error) {
      return tell(`${key}: ${error.message}`);
    }
    tell(`${key} was put into ${bucket}. Its rule starts jobs by itself.`);
    return Promise.all([choices(key), load()]);
  }

  main.append(
    head("Videos", "Jobs that look at a stored video, and what they saw."),
    h(
      "div.stack",
      {},
      dropPlace(put, { says: "Drop a video", accept: "video/*", low: true, label: "Choose a video" }),
      starting,
      list,
    ),
  );
  await Promise.all([
    choices(),
    load(),
    all("ListCollections", {}, "CollectionIds").then(({ list: ids }) =>
      fill(
        collection,
        ids.map((id) => h("option", {}, id)),
      ),
    ),
  ]);
  return () => {
    turn++;
    clearTimeout(timer);
  };
}

function table(jobs) {
  const heads = ["Video", "Analysis", "State", "Started", "Took"];
  return h(
    "table.list",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((title) => h("th", { scope: "col" }, title)),
      ),
    ),
    h(
      "tbody",
      {},
      jobs.map((job) =>
        h(
          "tr",
          {},
          h(
            "th.key",
            { scope: "row" },
            job.Video && FILMS[job.Analysis]
              ? h("a", { href: `#/videos/${job.JobId}` }, job.Video.Name)
              : (job.Video?.Name ?? "many images"),
          ),
          h("td", {}, filmTitle(job.Analysis)),
          h("td", {}, state(job)),
          h("td.muted", {}, when(job.Created)),
          h("td.muted", {}, job.Ended ? plural(Math.ceil(job.Ended - job.Created), "second") : ""),
        ),
      ),
    ),
  );
}

/** How far a job is. */
export function state({ JobStatus: status, Progress: progress, StatusMessage: message }) {
  const said = { SUCCEEDED: "done", FAILED: "failed", IN_PROGRESS: `${Math.round(progress * 100)} %` }[status];
  return [h(`span.tag.${LOOK[status]}`, {}, said), message && h("span.small.bad", {}, ` ${message}`)];
}

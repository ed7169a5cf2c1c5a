// Jobs: videos that are or were looked at.

import { about, all, call, own, putObject } from "../api.js";
import { fill, h } from "../dom.js";
import { FILMS, filmTitle } from "../films.js";
import { plural, when } from "../format.js";
import { head, renew, table, tag, tell } from "../parts.js";
import { dropPlace } from "../photo.js";

const FILM = /\.(mp4|mov|avi|mkv)$/i;
const LOOK = { SUCCEEDED: "good", FAILED: "bad", IN_PROGRESS: "warn" };

export async function videos(main) {
  const { UploadsBucket: bucket } = await about();
  const list = h("div.panel.scroll");
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
  const start = h("button.main", "Start");
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
    const none = "No jobs yet. Drop a video, or start one with StartLabelDetection.";
    renew(list, jobs, () => (jobs.length ? jobTable(jobs) : h("p.empty", none)));
    timer = setTimeout(() => load().catch(() => {}), jobs.some((job) => job.JobStatus === "IN_PROGRESS") ? 1000 : 5000);
  }

  /** The videos that can be chosen, among the first thousand objects. */
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
        ids.map((id) => h("option", id)),
      ),
    ),
  ]);
  return () => {
    turn++;
    clearTimeout(timer);
  };
}

function jobTable(jobs) {
  const film = (job) => {
    const name = job.Video?.Name ?? "many images";
    return job.Video && FILMS[job.Analysis] ? h("a", { href: `#/videos/${job.JobId}` }, name) : name;
  };
  const cells = (job) => [
    h("th.key", { scope: "row" }, film(job)),
    h("td", filmTitle(job.Analysis)),
    h("td", state(job)),
    h("td.muted", when(job.Created)),
    h("td.muted", job.Ended ? plural(Math.ceil(job.Ended - job.Created), "second") : ""),
  ];
  return table(
    "table.list",
    ["Video", "Analysis", "State", "Started", "Took"],
    jobs.map((job) => h("tr", cells(job))),
  );
}

/** How far a job is. */
export function state({ JobStatus: status, Progress: progress, StatusMessage: message }) {
  const said = { SUCCEEDED: "done", FAILED: "failed", IN_PROGRESS: `${Math.round(progress * 100)} %` }[status];
  return [tag(said, LOOK[status]), message && h("span.small.bad", ` ${message}`)];
}

// The bucket of uploads: its rules, its objects, and what came of each.

import { about, deleteObject, own, putObject } from "../api.js";
import { h } from "../dom.js";
import { bytes, plural, when } from "../format.js";
import { head, renew, sure, table, tag, tell } from "../parts.js";
import { dropPlace } from "../photo.js";
import { forget } from "../thumbnails.js";

const LOOK = { done: "good", waiting: "", retried: "warn", parked: "bad", ignored: "" };
const LABELS = 6;

export async function uploads(main) {
  const { UploadsBucket: bucket } = await about();
  const under = h("input", { type: "text", "aria-label": "Folder to put into", placeholder: "collections/staff" });
  const prefix = h("input", {
    type: "search",
    "aria-label": "Keys that begin with",
    placeholder: "Keys that begin with…",
    oninput: () => load(),
  });
  const rules = h("div.panel.scroll");
  const list = h("div.panel.scroll");
  let timer;
  let turn = 0;

  async function load() {
    clearTimeout(timer);
    const mine = ++turn;
    const told = await own(`uploads?prefix=${encodeURIComponent(prefix.value)}`);
    if (mine !== turn) return;
    const none = prefix.value ? "No object's key begins so." : "Nothing was uploaded yet.";
    renew(rules, told.Rules, () => ruleTable(told.Rules));
    renew(list, [told, none], () => (told.Objects.length ? objectTable(told, load) : h("p.empty", none)));
    const open = told.Objects.some((each) => each.State === "waiting" || each.State === "retried");
    timer = setTimeout(() => load().catch(() => {}), open ? 1000 : 5000);
  }

  async function put(files) {
    const folder = under.value.replace(/^\/+|\/+$/g, "");
    for (const file of files) {
      try {
        await putObject(bucket, folder ? `${folder}/${file.name}` : file.name, file);
      } catch (error) {
        tell(`${file.name}: ${error.message}`);
      }
    }
    forget();
    tell(`${plural(files.length, "object")} put into ${bucket}.`);
    await load();
  }

  main.append(
    head("Uploads", `An object put into the bucket ${bucket} is dealt with by the first rule that fits its key.`),
    h(
      "div.stack",
      h(
        "div.put",
        h("label.field", "Folder", under),
        dropPlace(put, {
          says: "Drop files to upload",
          accept: "image/*,video/*",
          many: true,
          low: true,
          label: "Choose files to upload",
        }),
      ),
      h("div.row", h("h2", "Objects"), h("span.grow"), prefix),
      list,
      h("h2", "Rules"),
      rules,
    ),
  );
  await load();
  return () => {
    turn++;
    clearTimeout(timer);
  };
}

function ruleTable(rules) {
  const parameters = rules.some((rule) => Object.keys(rule.parameters).length);
  const heads = ["", "Key", "Endings", "Operations", ...(parameters ? ["Parameters"] : [])];
  const cells = (rule, at) => [
    h("td.muted", String(at + 1)),
    h("td", h("code", rule.key)),
    h("td.muted", rule.suffixes.join(" ")),
    h("td", rule.operations.join(", ")),
    parameters && h("td", Object.keys(rule.parameters).length ? h("code", JSON.stringify(rule.parameters)) : null),
  ];
  return table(
    "table",
    heads,
    rules.map((rule, at) => h("tr", cells(rule, at))),
  );
}

function objectTable({ Bucket: bucket, Objects: objects, NextToken: more }, load) {
  async function remove(key) {
    if (!(await sure(`Delete ${key}, with the faces that it brought?`))) return;
    await deleteObject(bucket, key);
    forget();
    await load();
  }
  const removing = ({ Key: key }) => ({ type: "button", "aria-label": `Delete ${key}`, onclick: () => remove(key) });
  const cells = (each) => [
    h("th.key", { scope: "row" }, each.Key),
    h("td", tag(each.State, LOOK[each.State])),
    h("td", outcome(each)),
    h("td.number", bytes(each.Size)),
    h("td.muted", when(each.Time)),
    h("td", h("button.quiet.small", removing(each), "Delete")),
  ];
  const heads = ["Key", "State", "What came of it", ["Size", "number"], "Put", ""];
  return [
    table(
      "table.list",
      heads,
      objects.map((each) => h("tr", cells(each))),
    ),
    more && h("p.empty", `The first ${objects.length} are shown: choose by the beginning of the key.`),
  ];
}

function outcome(each) {
  if (each.Reason)
    return [
      h("div.bad", each.Reason),
      h(
        "span.muted.small",
        `tried ${plural(each.Attempts, "time")}`,
        each.State === "parked" && "; its event lies in the dead-letter queue",
      ),
    ];
  if (each.State === "ignored") return h("span.muted", "no rule fits this key");
  if (each.State !== "done") return h("span.muted", `rule ${each.Rule + 1}`);
  if (each.CollectionId)
    return h(
      "span",
      `${plural(each.FaceIds.length, "face")} in `,
      h("a", { href: `#/collections/${encodeURIComponent(each.CollectionId)}` }, each.CollectionId),
    );
  if (each.Operations.some((name) => name.startsWith("Start")))
    return h("a", { href: "#/videos" }, plural(each.Operations.length, "job"));
  const left = each.Labels.length - LABELS;
  return h(
    "span.chips",
    each.Labels.slice(0, LABELS).map((label) => h("span.tag", label)),
    left > 0 && h("span.muted.small", `and ${left} more`),
  );
}

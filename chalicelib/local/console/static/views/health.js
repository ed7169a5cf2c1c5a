// This Lookalike: version, operations, jobs, models.

import { own } from "../api.js";
import { h } from "../dom.js";
import { bytes, plural } from "../format.js";
import { head, table, tag } from "../parts.js";

const LOOK = { open: "good", built: "", missing: "warn", damaged: "bad" };

export async function health(main) {
  const told = await own("about");
  const { in_progress: running, succeeded, failed } = told.Jobs;
  const facts = [
    ["Version", told.Version],
    ["Region", told.Region],
    ["Account", told.Account],
    ["Operations", `${told.Operations.length} of 75`],
    ["Jobs", `${running} running, ${succeeded} done, ${failed} failed`],
    ["Bucket of uploads", told.UploadsBucket],
  ];
  main.append(
    head("Health", "What answers here, and the models that it looks with."),
    h(
      "div.stack",
      h(
        "dl.tiles",
        facts.map(([name, value]) => h("div.panel", h("dt.muted.small", name), h("dd", value))),
      ),
      told.Packs.map(pack),
    ),
  );
}

function pack({ Name: name, Summary: summary, Built: built, Bytes: size, Licences: licences, Models: models }) {
  const cells = (model) => [
    h("th.mono", { scope: "row" }, model.Name),
    h("td", tag(model.State, LOOK[model.State])),
    h("td.number", bytes(model.Bytes)),
    h("td.muted", model.Licence),
    h("td.muted.small", model.Measured),
  ];
  const heads = ["Model", "State", ["Size", "number"], "Licence", "Measured"];
  const told = `${plural(models.length, "model")}, ${bytes(size)}, ${licences.join(", ")}`;
  return h(
    "details.panel.pack",
    { open: built },
    h(
      "summary",
      h("h2", name),
      tag(built ? "built" : "not built", built && "good"),
      h("span.muted.grow", summary),
      h("span.muted.small", told),
    ),
    built
      ? h(
          "div.scroll",
          table(
            "table",
            heads,
            models.map((model) => h("tr", cells(model))),
          ),
        )
      : h("p.pad.muted", "Build it with ", h("code", `lookalike models pull ${name}`)),
  );
}

// This Lookalike: version, operations, jobs, models.

import { own } from "../api.js";
import { bytes, h, head, plural } from "../dom.js";

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
      {},
      h(
        "dl.tiles",
        {},
        facts.map(([name, value]) => h("div.panel", {}, h("dt.muted.small", {}, name), h("dd", {}, value))),
      ),
      told.Packs.map(pack),
    ),
  );
}

function pack({ Name: name, Summary: summary, Built: built, Bytes: size, Licences: licences, Models: models }) {
  const heads = ["Model", "State", "Size", "Licence", "Measured"];
  return h(
    "details.panel.pack",
    { open: built },
    h(
      "summary",
      {},
      h("h2", {}, name),
      h(`span.tag${built ? ".good" : ""}`, {}, built ? "built" : "not built"),
      h("span.muted.grow", {}, summary),
      h("span.muted.small", {}, `${plural(models.length, "model")}, ${bytes(size)}, ${licences.join(", ")}`),
    ),
    !built && h("p.pad.muted", {}, "Build it with ", h("code", {}, `lookalike models pull ${name}`)),
    built &&
      h(
        "div.scroll",
        {},
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map((title) => h(title === "Size" ? "th.number" : "th", { scope: "col" }, title)),
            ),
          ),
          h(
            "tbody",
            {},
            models.map((model) =>
              h(
                "tr",
                {},
                h("th.mono", { scope: "row" }, model.Name),
                h("td", {}, h(`span.tag${LOOK[model.State] && `.${LOOK[model.State]}`}`, {}, model.State)),
                h("td.number", {}, bytes(model.Bytes)),
                h("td.muted", {}, model.Licence),
                h("td.muted.small", {}, model.Measured),
              ),
            ),
          ),
        ),
      ),
  );
}

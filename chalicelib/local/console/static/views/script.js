// The script in force: what is answered without looking.

import { own } from "../api.js";
import { fill, h } from "../dom.js";
import { plural } from "../format.js";
import { copier, head, sure, tell } from "../parts.js";

export async function script(main) {
  const body = h("div.stack");
  const reset = h(
    "button.danger",
    {
      type: "button",
      hidden: true,
      onclick: async () => {
        if (!(await sure("Forget the script? From then on every answer is real.", "Forget it"))) return;
        await own("script", "DELETE");
        tell("Every answer is real again.");
        await load();
      },
    },
    "Reset",
  );
  main.append(head("Script", "Answers and errors that a test declared. What is not scripted is real.", reset), body);

  async function load() {
    const told = await own("script");
    const rules = told?.Rules ?? [];
    reset.hidden = !rules.length;
    fill(
      body,
      told?.Recording && h("p.panel.pad", "Real answers are being recorded."),
      told === null
        ? h("p.panel.empty", "This build takes no scripts.")
        : rules.length
          ? [
              rules.map(card),
              h(
                "div",
                copier(() => JSON.stringify(told, null, 2), "Copy as JSON"),
              ),
            ]
          : h(
              "div.panel.empty.stack",
              h("p", "No script is in force: every answer is real."),
              h("p", "A test sets one with ", h("code", "PUT /_lookalike/script"), "."),
            ),
    );
  }
  await load();
}

/** A rule: what it does to which operation, how often it did, and the rest as it was declared. */
function card({ Operation: operation, Used: used, Left: left, ...rest }, at) {
  const does = rest.Error ? ["bad", rest.Error.Code] : rest.Fault ? ["warn", "fault"] : ["good", "answer"];
  const often = `applied ${plural(used ?? 0, "time")}${typeof left === "number" ? `, ${left} left` : ""}`;
  return h(
    "article.panel.pad.stack",
    h(
      "div.row",
      h("span.muted", String(at + 1)),
      h("h2", operation === "*" ? "Any operation" : operation),
      h(`span.tag.${does[0]}`, does[1]),
      h("span.grow"),
      h("span.muted.small", often),
    ),
    h("pre", { tabindex: 0, "aria-label": "Rule" }, JSON.stringify(rest, null, 2)),
  );
}

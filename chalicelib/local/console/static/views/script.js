// The script in force: what is answered without looking.

import { own } from "../api.js";
import { copier, fill, h, head, sure, tell } from "../dom.js";

export async function script(main) {
  const body = h("div.stack", {});
  const reset = h("button.danger", { type: "button", hidden: true, onclick: async () => {
    if (!await sure("Forget the script? From then on every answer is real.", "Forget it")) return;
    await own("script", "DELETE");
    tell("Every answer is real again.");
    await load();
  } }, "Reset");
  main.append(head("Script", "Answers and errors that a test declared. What is not scripted is real.", reset), body);

  async function load() {
    const told = await own("script");
    const rules = told?.Rules ?? [];
    reset.hidden = !rules.length;
    fill(body, told === null ? h("p.panel.empty", {}, "This build takes no scripts.") : rules.length ? [rules.map(card), h("div", {}, copier(() => JSON.stringify(told, null, 2), "Copy as JSON"))]
      : h("div.panel.empty.stack", {}, h("p", {}, "No script is in force: every answer is real."), h("p", {}, "A test sets one with ", h("code", {}, "PUT /_lookalike/script"), ".")));
  }
  await load();
}

/** A rule as it was declared, its operation first. */
function card(rule, at) {
  const { Operation: operation, ...rest } = rule;
  return h("article.panel.pad.stack", {}, h("div.row", {}, h("span.muted", {}, String(at + 1)), h("h2", {}, operation ?? "Any operation"),
    rest.Error && h("span.tag.bad", {}, rest.Error.Code ?? String(rest.Error))), h("pre", { tabindex: 0, "aria-label": "Rule" }, JSON.stringify(rest, null, 2)));
}

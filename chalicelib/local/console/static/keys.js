// Access keys that a person types, for a server that asks for signatures. They stay in this tab and go with it.

import { h } from "./dom.js";
import { tell } from "./parts.js";

const PLACE = "lookalike.keys";

/** { id, secret, token }, or null. */
export const keys = () => JSON.parse(sessionStorage.getItem(PLACE) ?? "null");

/** Ask for keys; resolves to whether some were given. */
export function askForKeys(why = "") {
  if (!globalThis.crypto?.subtle) {
    tell("Browsers sign only on https or on localhost: open this page there to use keys.", 12);
    return Promise.resolve(false);
  }
  const held = keys();
  const field = (label, type, value = "") =>
    h("input", { type, value, autocomplete: "off", spellcheck: "false", "aria-label": label });
  const id = field("Access key ID", "text", held?.id);
  const secret = field("Secret access key", "password");
  const token = field("Session token", "password");
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": "keys-title",
        onclose: () => {
          const answer = dialog.returnValue;
          dialog.remove();
          if (answer === "forget") sessionStorage.removeItem(PLACE);
          const given = answer === "use" && id.value && secret.value;
          if (given)
            sessionStorage.setItem(
              PLACE,
              JSON.stringify({ id: id.value.trim(), secret: secret.value.trim(), token: token.value.trim() }),
            );
          resolve(Boolean(given));
        },
      },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "keys-title" }, "Access keys"),
        why && h("p.trouble", why),
        h(
          "p.muted",
          "Requests are then signed in the browser. The keys stay in this tab and are forgotten with it. ",
          "A server that asks for no signatures needs none.",
        ),
        h("label.field", "Access key ID", id),
        h("label.field", "Secret access key", secret),
        h("label.field", "Session token, for temporary keys", token),
        h(
          "div.actions",
          held && h("button.danger", { value: "forget", formnovalidate: true }, "Forget"),
          h("button", { value: "no" }, "Cancel"),
          h("button.main", { value: "use" }, "Use them"),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

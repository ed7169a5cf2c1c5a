// Parts that views are made of: messages, headings, dialogs, tabs, tables.

import { fill, h } from "./dom.js";

let quiet;

/** Say something to the eye and to a screen reader, for a while. */
export function tell(text, seconds = 5) {
  const told = document.getElementById("told");
  told.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    told.textContent = "";
  }, seconds * 1000);
}

/** Say something to a screen reader alone: the eye has it already. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** A view's heading, with what can be done there at its right. */
export function head(title, said, ...actions) {
  return h(
    "div.head",
    h("div", h("h1", title), said && h("p", said)),
    actions.length ? h("div.actions", actions) : null,
  );
}

/** A button that copies what `text` returns. */
export function copier(text, label = "Copy") {
  const button = h(
    "button.quiet",
    {
      type: "button",
      onclick: async () => {
        await navigator.clipboard.writeText(text());
        button.textContent = "Copied";
        setTimeout(() => {
          button.textContent = label;
        }, 1500);
      },
    },
    label,
  );
  return button;
}

/** What went wrong, as a box. */
export function trouble(error) {
  return h(
    "p.trouble",
    { role: "alert" },
    error.code ? `${error.code}: ${error.message}` : String(error.message ?? error),
  );
}

/** Ask before something is lost; resolves to whether it was wanted. */
export function sure(question, verb = "Delete") {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      {
        "aria-label": question,
        onclose: () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        },
      },
      h(
        "form",
        { method: "dialog" },
        h("p", question),
        h("div.actions", h("button", { value: "no" }, "Cancel"), h("button.danger", { value: "yes" }, verb)),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Tabs over panels, by the keyboard too (ARIA Authoring Practices, "Tabs"). `panels` is `[title, element][]`. */
export function tabs(label, panels) {
  const id = `t${Math.random().toString(36).slice(2, 8)}`;
  const buttons = panels.map(([title, panel], at) => {
    Object.assign(panel, { id: `${id}-${at}`, hidden: at > 0 });
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-label", title);
    return h(
      "button",
      {
        type: "button",
        role: "tab",
        "aria-selected": String(at === 0),
        "aria-controls": `${id}-${at}`,
        tabindex: at ? -1 : 0,
        onclick: () => choose(at),
      },
      title,
    );
  });
  function choose(at) {
    buttons.forEach((button, each) => {
      button.setAttribute("aria-selected", String(each === at));
      button.tabIndex = each === at ? 0 : -1;
      panels[each][1].hidden = each !== at;
    });
    buttons[at].focus();
  }
  const list = h(
    "div.tabs",
    {
      role: "tablist",
      "aria-label": label,
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        choose((buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length);
      },
    },
    buttons,
  );
  return [list, ...panels.map(([, panel]) => panel)];
}

/**
 * Put new children in the place of the old, unless `told`, what they are made of, is as it was.
 * Who went to one of them by the keyboard stays at the one of that name.
 */
export function renew(place, told, children) {
  const text = JSON.stringify(told);
  if (place.told === text) return;
  place.told = text;
  const name = (element) => element.getAttribute("aria-label") ?? element.getAttribute("href");
  const held = place.contains(document.activeElement) ? name(document.activeElement) : null;
  fill(place, children());
  if (held) [...place.querySelectorAll("a, button")].find((each) => name(each) === held)?.focus();
}

/** A word that says how something is; `look` is good, bad, warn or empty. */
export const tag = (text, look, attributes = {}) => h(look ? `span.tag.${look}` : "span.tag", attributes, text);

/** A table of `rows`, tr elements or their tbody. `heads` are the columns' titles, of numbers `["Size", "number"]`. */
export function table(kind, heads, rows) {
  const titles = heads
    .map((head) => [head].flat())
    .map(([title, look]) => h(look ? `th.${look}` : "th", { scope: "col" }, title));
  return h(kind, {}, h("thead", h("tr", titles)), Array.isArray(rows) ? h("tbody", rows) : rows);
}

/** A part of a hundred as a bar. */
export function bar(value) {
  const part = h("i");
  part.style.width = `${Math.min(value, 100)}%`;
  return h("span.bar", part);
}

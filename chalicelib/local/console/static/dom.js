// Elements without markup made of text: what a photo or a server says is never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("button.main", { onclick, "aria-label": "Close" }, "Close")`. Children: nodes, text, lists, null. */
export function h(name, props = {}, ...children) {
  return filled(document.createElement(name.split(".")[0]), name, props, children);
}

/** The same for SVG. */
export function svg(name, props = {}, ...children) {
  return filled(document.createElementNS(SVG, name.split(".")[0]), name, props, children);
}

function filled(element, name, props, children) {
  const classes = name.split(".").slice(1);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "hue") element.style.setProperty("--hue", value);
    else if (key === "value" || key === "checked" || key === "hidden") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Put these children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

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
    {},
    h("div", {}, h("h1", {}, title), said && h("p", {}, said)),
    actions.length ? h("div.actions", {}, actions) : null,
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
        h("p", {}, question),
        h("div.actions", {}, h("button", { value: "no" }, "Cancel"), h("button.danger", { value: "yes" }, verb)),
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

/** A moment as people read it: the time alone where it was today. */
export function when(moment) {
  const date = new Date(typeof moment === "number" ? moment * 1000 : moment);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString("en-GB", today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
}

export const percent = (value) => `${value.toFixed(1)} %`;
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export function bytes(count) {
  const [unit, size] = count < 1e3 ? ["B", 1] : count < 1e6 ? ["kB", 1e3] : count < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  const digits = count / size < 10 && size > 1 ? 1 : 0;
  return `${(count / size).toLocaleString("en", { maximumFractionDigits: digits })} ${unit}`;
}

/** A part of a hundred as a bar. */
export function bar(value) {
  const filled = h("i", {});
  filled.style.width = `${Math.min(value, 100)}%`;
  return h("span.bar", {}, filled);
}

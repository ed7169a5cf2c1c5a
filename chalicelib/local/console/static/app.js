// The frame: which view is shown, the theme, the keyboard.

import { fill, h, svg } from "./dom.js";
import { askForKeys } from "./keys.js";
import { tell, trouble } from "./parts.js";
import { collection } from "./views/collection.js";
import { collections } from "./views/collections.js";
import { health } from "./views/health.js";
import { look } from "./views/look.js";
import { requests } from "./views/requests.js";
import { script } from "./views/script.js";
import { uploads } from "./views/uploads.js";
import { video } from "./views/video.js";
import { videos } from "./views/videos.js";

const VIEWS = [
  [
    "look",
    "Look",
    look,
    "M4 8V6a2 2 0 0 1 2-2h2M16 4h2a2 2 0 0 1 2 2v2M20 16v2a2 2 0 0 1-2 2h-2M8 20H6a2 2 0 0 1-2-2v-2M9 10v.5M15 10v.5M9 15c1.6 1.4 4.4 1.4 6 0",
  ],
  [
    "collections",
    "Collections",
    collections,
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-4 3-6 6.5-6s6.1 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.2M18 14.5c2 .8 3.3 2.6 3.5 5.5",
  ],
  [
    "videos",
    "Videos",
    videos,
    "M4 6h11a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1ZM16 10.5l5-3v9l-5-3",
  ],
  ["uploads", "Uploads", uploads, "M12 15V4M7.5 8 12 3.5 16.5 8M4 15v4a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-4"],
  ["requests", "Requests", requests, "M4 6h16M4 12h10M4 18h13"],
  ["script", "Script", script, "M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 5l-3 14"],
  ["health", "Health", health, "M3 12h4l2.5-6 4.5 12 2.5-6H21"],
];
/** Views of one thing, by the view that lists such things. */
const INNER = { collections: collection, videos: video };

const main = document.getElementById("main");
let leave = () => {};
let shown = 0;

/** Show the view that the address names: `#/collections/staff/users`. */
async function show() {
  const [name, ...rest] = location.hash.slice(2).split("/").map(decodeURIComponent);
  const at = Math.max(
    0,
    VIEWS.findIndex(([id]) => id === name),
  );
  const [id, title, outer] = VIEWS[at];
  leave();
  leave = () => {};
  const turn = ++shown;
  document.querySelectorAll("#views a").forEach((link, each) => {
    link.toggleAttribute("aria-current", each === at);
    if (each !== at) return;
    link.setAttribute("aria-current", "page");
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  document.title = `${rest[0] ?? title} · Lookalike`;
  const page = fill(h("div"));
  fill(main, page);
  const view = rest[0] && INNER[id] ? INNER[id] : outer;
  try {
    const left = await view(page, ...rest);
    if (turn === shown) leave = left ?? leave;
    else left?.();
  } catch (error) {
    page.append(trouble(error));
    if (!error.code) console.error(error);
  }
}

const icon = (path) =>
  svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.7,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    svg("path", { d: path }),
  );

fill(
  document.getElementById("views"),
  VIEWS.map(([id, title, , path], at) =>
    h("li", h("a", { href: `#/${id}`, "aria-keyshortcuts": String(at + 1) }, icon(path), title)),
  ),
);

const THEMES = ["system", "light", "dark"];

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem("lookalike.theme", theme);
  fill(document.getElementById("theme"), h("span", "Theme"), h("span", theme));
}

const theme = () => localStorage.getItem("lookalike.theme") ?? "system";
const nextTheme = () => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);

function help() {
  const rows = [
    ...VIEWS.map(([, title], at) => [String(at + 1), title]),
    ["/", "Filter a list"],
    ["t", "Theme: of the system, light, dark"],
    ["Esc", "Close a dialog"],
    ["?", "These shortcuts"],
  ];
  const dialog = h(
    "dialog",
    { "aria-labelledby": "help-title", onclose: () => dialog.remove() },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "help-title" }, "Shortcuts"),
      h(
        "dl",
        rows.map(([key, what]) => [h("dt", h("kbd", key)), h("dd", what)]),
      ),
      h("div.actions", h("button.main", "Close")),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

const typing = (element) =>
  element.closest("input:not([type=range], [type=checkbox], [type=file]), select, textarea, dialog");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "?") help();
  else if (event.key === "t") nextTheme();
  else if (event.key === "/" && main.querySelector("input[type=search]"))
    main.querySelector("input[type=search]").focus();
  else if (VIEWS[event.key - 1]) location.hash = `#/${VIEWS[event.key - 1][0]}`;
  else return;
  event.preventDefault();
});
// What a button sets off and nobody waits for: its error is told, not swallowed.
window.addEventListener("unhandledrejection", (event) => {
  if (!event.reason?.code) return;
  event.preventDefault();
  tell(`${event.reason.code}: ${event.reason.message}`, 10);
});
// A photo that misses its place must not be opened instead of the page.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.getElementById("theme").addEventListener("click", nextTheme);
document.getElementById("help").addEventListener("click", help);
document.getElementById("keys").addEventListener("click", async () => {
  if (await askForKeys()) show();
});
window.addEventListener("hashchange", () => {
  main.focus({ preventScroll: true });
  show();
});

setTheme(theme());
show();

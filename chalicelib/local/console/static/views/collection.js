// One collection: its faces, its users, searching it by photo.

import { call, region as regionOf } from "../api.js";
import { fill, h } from "../dom.js";
import { plural, when } from "../format.js";
import { sure, tell } from "../parts.js";
import { faces } from "./faces.js";
import { search } from "./search.js";
import { users } from "./users.js";

const PARTS = [
  ["faces", "Faces", faces],
  ["users", "Users", users],
  ["search", "Search", search],
];

/** `rest` goes to the part: a FaceId or UserId to search with. */
export async function collection(main, id, part = "faces", ...rest) {
  const region = await regionOf();
  const counts = h("p.muted");
  const describe = async () => {
    const told = await call("DescribeCollection", { CollectionId: id });
    const holds = `${plural(told.FaceCount, "face")}, ${plural(told.UserCount, "user")}`;
    counts.textContent = `${holds}, face model ${told.FaceModelVersion}, created ${when(told.CreationTimestamp)}`;
  };
  await describe();
  const place = `#/collections/${encodeURIComponent(id)}`;
  const [name, , view] = PARTS.find(([each]) => each === part) ?? PARTS[0];
  const body = h("div.stack");
  main.append(
    h(
      "div.head",
      h("div", h("p.small", h("a", { href: "#/collections" }, "Collections")), h("h1", id), counts),
      h("div.actions", h("button.danger", { type: "button", onclick: () => remove(id) }, "Delete collection")),
    ),
    h(
      "nav.tabs",
      { "aria-label": "Of this collection" },
      PARTS.map(([each, title]) =>
        h("a", { href: `${place}/${each}`, "aria-current": each === name && "page" }, title),
      ),
    ),
    body,
  );
  await view(fill(body), { id, region, place, changed: describe }, ...rest);
}

async function remove(id) {
  if (!(await sure(`Delete the collection ${id} with all its faces and users? Its vectors cannot be had back.`)))
    return;
  await call("DeleteCollection", { CollectionId: id });
  tell(`${id} was deleted.`);
  location.hash = "#/collections";
}

// All collections.

import { all, call } from "../api.js";
import { fill, h } from "../dom.js";
import { plural, when } from "../format.js";
import { head, table, tell, trouble } from "../parts.js";

export async function collections(main) {
  const name = h("input", {
    type: "text",
    "aria-label": "Name of a new collection",
    placeholder: "New collection",
    pattern: "[a-zA-Z0-9_.\\-]+",
    maxlength: 255,
    required: true,
  });
  const list = h("div.panel.scroll");
  const create = h(
    "form.row",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await call("CreateCollection", { CollectionId: name.value });
          location.hash = `#/collections/${encodeURIComponent(name.value)}`;
        } catch (error) {
          tell(`${error.code}: ${error.message}`);
        }
      },
    },
    name,
    h("button.main", "Create"),
  );
  main.append(
    head("Collections", "Faces that are kept as vectors, to be found again. Photos are not kept in them.", create),
    list,
  );
  const { list: ids, more } = await all("ListCollections", {}, "CollectionIds");
  if (!ids.length) {
    fill(list, h("p.empty", "No collection yet. Create one, then add faces to it."));
    return;
  }
  const rows = ids.map((id) => row(id));
  const heads = ["Collection", ["Faces", "number"], ["Users", "number"], "Face model", "Created"];
  fill(
    list,
    table(
      "table.list",
      heads,
      rows.map((each) => each.element),
    ),
    more && h("p.empty", `The first ${plural(ids.length, "collection")} are shown.`),
  );
  describe(rows);
}

function row(id) {
  const cells = [h("td.number"), h("td.number"), h("td"), h("td.muted")];
  return {
    id,
    cells,
    element: h("tr", h("th", { scope: "row" }, h("a", { href: `#/collections/${encodeURIComponent(id)}` }, id)), cells),
  };
}

/** Fill in what ListCollections does not tell, a few at a time. */
async function describe(rows) {
  const left = [...rows];
  const some = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      if (!next.element.isConnected) return;
      try {
        const told = await call("DescribeCollection", { CollectionId: next.id });
        const values = [
          told.FaceCount.toLocaleString("en"),
          told.UserCount.toLocaleString("en"),
          told.FaceModelVersion,
          when(told.CreationTimestamp),
        ];
        next.cells.forEach((cell, at) => {
          cell.textContent = values[at];
        });
      } catch (error) {
        fill(next.cells[3], trouble(error));
      }
    }
  };
  await Promise.all([some(), some(), some(), some()]);
}

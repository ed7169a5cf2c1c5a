// The faces of a collection: add, choose, delete, give to a user.

import { all, call } from "../api.js";
import { fill, h } from "../dom.js";
import { percent, plural } from "../format.js";
import { sure, tell, trouble } from "../parts.js";
import { dropPlace, Photo } from "../photo.js";
import { remember, thumbnail } from "../thumbnails.js";

const PAGE = 60;

export async function faces(body, { id, place, changed }) {
  const chosen = new Set();
  const log = h("ul.log.small.muted", { "aria-live": "polite" });
  const actions = h("div.row.choice", { hidden: true });
  const grid = h("ul.faces", { "aria-label": "Faces" });
  const more = h("button", { type: "button", hidden: true, onclick: () => load() }, "Show more");
  let next;

  async function load(fresh = false) {
    const answer = await call("ListFaces", {
      CollectionId: id,
      MaxResults: PAGE,
      ...(next && !fresh ? { NextToken: next } : {}),
    });
    next = answer.NextToken;
    if (fresh) {
      grid.replaceChildren();
      chosen.clear();
      choose();
    }
    grid.append(...answer.Faces.map((face) => card(face, id, place, chosen, choose)));
    more.hidden = !next;
    if (!grid.children.length) grid.append(h("li.empty", "No faces yet: drop photos above."));
  }

  const choose = () => {
    actions.hidden = chosen.size === 0;
    fill(
      actions,
      h("span", `${plural(chosen.size, "face")} chosen`),
      h("button", { type: "button", onclick: associate }, "Give to a user…"),
      h("button.danger", { type: "button", onclick: remove }, "Delete"),
    );
  };

  async function remove() {
    if (!(await sure(`Delete ${plural(chosen.size, "face")}?`))) return;
    const answer = await call("DeleteFaces", { CollectionId: id, FaceIds: [...chosen] });
    const done = `${plural(answer.DeletedFaces.length, "face")} deleted`;
    tell(done + except(answer.UnsuccessfulFaceDeletions, "kept"));
    await Promise.all([load(true), changed()]);
  }

  async function associate() {
    const user = await whichUser(id);
    if (!user) return;
    const answer = await call("AssociateFaces", { CollectionId: id, UserId: user, FaceIds: [...chosen] });
    const done = `${plural(answer.AssociatedFaces.length, "face")} given to ${user}`;
    tell(done + except(answer.UnsuccessfulFaceAssociations, "not"));
    await load(true);
  }

  async function add(files) {
    for (const file of files) {
      const told = h("li", `${file.name}: indexing…`);
      log.prepend(told);
      try {
        const photo = await Photo.of(file);
        const answer = await call("IndexFaces", {
          CollectionId: id,
          Image: { Bytes: photo },
          ExternalImageId: externalId(photo.name),
        });
        await remember(photo, answer.FaceRecords);
        const done = `${file.name}: ${plural(answer.FaceRecords.length, "face")} indexed`;
        told.textContent = done + except(answer.UnindexedFaces, "left out");
      } catch (error) {
        fill(told, `${file.name}: `, trouble(error));
      }
    }
    await Promise.all([load(true), changed()]);
  }

  body.append(
    dropPlace(add, { says: "Drop photos to add their faces", many: true, low: true, label: "Choose photos to index" }),
    log,
    actions,
    grid,
    h("div", more),
  );
  await load(true);
}

/** The faces to which a call did not apply, and why, as the end of a sentence. */
function except(faces, said) {
  const reasons = new Set(faces.flatMap((each) => each.Reasons));
  return faces.length ? `; ${faces.length} ${said}: ${[...reasons].join(", ")}` : "";
}

/** A file's name as ExternalImageId may be: what AWS takes not, as underscores. */
const externalId = (name) =>
  name
    .replace(/\.\w+$/, "")
    .replace(/[^a-zA-Z0-9_.\-:]/g, "_")
    .slice(0, 255) || "photo";

function card(face, id, place, chosen, choose) {
  const name = face.ExternalImageId ?? face.FaceId.slice(0, 8);
  const check = h("input", {
    type: "checkbox",
    "aria-label": `Choose ${name}`,
    onchange: () => {
      if (check.checked) chosen.add(face.FaceId);
      else chosen.delete(face.FaceId);
      choose();
    },
  });
  return h(
    "li.face",
    h("label", thumbnail(face, id), check),
    h("div.clip", { title: name }, name),
    h(
      "div.muted.small.clip",
      { title: `FaceId ${face.FaceId}` },
      face.UserId ? `user ${face.UserId}` : percent(face.Confidence),
    ),
    h(
      "a.small",
      { href: `${place}/search/face/${face.FaceId}`, "aria-label": `Search faces like ${name}` },
      "Find alike",
    ),
  );
}

/** Ask for a user of the collection, or a new one; resolves to its id. */
async function whichUser(id) {
  const { list } = await all("ListUsers", { CollectionId: id }, "Users");
  const user = h("input", {
    type: "text",
    required: true,
    list: "users",
    maxlength: 128,
    pattern: "[a-zA-Z0-9_.\\-:]+",
  });
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      {
        "aria-label": "Give faces to a user",
        onclose: async () => {
          dialog.remove();
          if (dialog.returnValue !== "yes" || !user.value) return resolve(null);
          if (!list.some((each) => each.UserId === user.value))
            await call("CreateUser", { CollectionId: id, UserId: user.value });
          return resolve(user.value);
        },
      },
      h(
        "form",
        { method: "dialog" },
        h("label.field", "User, known or new", user),
        h(
          "datalist",
          { id: "users" },
          list.map((each) => h("option", { value: each.UserId })),
        ),
        h(
          "div.actions",
          h("button", { value: "no", formnovalidate: true }, "Cancel"),
          h("button.main", { value: "yes" }, "Give"),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    user.focus();
  });
}

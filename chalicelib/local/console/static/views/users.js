// The users of a collection: people as several faces of theirs.

import { all, call } from "../api.js";
import { fill, h } from "../dom.js";
import { plural } from "../format.js";
import { sure, tell, trouble } from "../parts.js";
import { thumbnail } from "../thumbnails.js";

export async function users(body, { id, place, changed }) {
  const name = h("input", {
    type: "text",
    "aria-label": "Id of a new user",
    placeholder: "New user",
    required: true,
    maxlength: 128,
    pattern: "[a-zA-Z0-9_.\\-:]+",
  });
  const list = h("ul.stack", { "aria-label": "Users" });
  const create = h(
    "form.row",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await call("CreateUser", { CollectionId: id, UserId: name.value });
          name.value = "";
          await Promise.all([load(), changed()]);
        } catch (error) {
          tell(`${error.code}: ${error.message}`);
        }
      },
    },
    name,
    h("button.main", "Create user"),
  );

  async function load() {
    const { list: found } = await all("ListUsers", { CollectionId: id }, "Users");
    fill(
      list,
      found.length
        ? found.map((user) => card(user))
        : h("li.panel.empty", "No users yet. Create one, then choose faces and give them to it."),
    );
  }

  function card(user) {
    const theirs = h("div.row");
    showFaces(user.UserId, theirs);
    return h(
      "li.panel.pad.stack",
      h(
        "div.row",
        h("h2", user.UserId),
        h("span.tag", user.UserStatus.toLowerCase()),
        h("span", { class: "grow" }),
        h("a.button", { href: `${place}/search/user/${encodeURIComponent(user.UserId)}` }, "Find alike"),
        h(
          "button.danger",
          {
            type: "button",
            "aria-label": `Delete ${user.UserId}`,
            onclick: async () => {
              if (!(await sure(`Delete the user ${user.UserId}? The faces stay.`))) return;
              await call("DeleteUser", { CollectionId: id, UserId: user.UserId });
              await Promise.all([load(), changed()]);
            },
          },
          "Delete",
        ),
      ),
      theirs,
    );
  }

  async function showFaces(user, theirs) {
    try {
      const { Faces: found } = await call("ListFaces", { CollectionId: id, UserId: user, MaxResults: 100 });
      fill(
        theirs,
        found.length
          ? found.map((face) =>
              h(
                "figure.held",
                thumbnail(face, id),
                h(
                  "button.quiet.small",
                  {
                    type: "button",
                    "aria-label": `Take ${face.ExternalImageId ?? face.FaceId} from ${user}`,
                    onclick: async () => {
                      await call("DisassociateFaces", { CollectionId: id, UserId: user, FaceIds: [face.FaceId] });
                      tell(`${plural(1, "face")} taken from ${user}.`);
                      await load();
                    },
                  },
                  "Take away",
                ),
              ),
            )
          : h("p.muted.small", "No faces: choose some under Faces and give them to this user."),
      );
    } catch (error) {
      fill(theirs, trouble(error));
    }
  }

  body.append(create, list);
  await load();
}

// Who is it? By a photo, by a face or by a user of the collection.

import { call } from "../api.js";
import { inspector } from "../code.js";
import { fill, h } from "../dom.js";
import { staged } from "../draw.js";
import { percent, plural } from "../format.js";
import { bar, say, tabs, tell, trouble } from "../parts.js";
import { dropPlace, Photo } from "../photo.js";
import { thumbnail } from "../thumbnails.js";

/** `kind` and `known` are `face` and a FaceId, or `user` and a UserId, where one was searched with. */
export async function search(body, { id, region, place }, kind, known) {
  const inspected = inspector(region);
  const found = h(
    "div.findings",
    { "aria-live": "polite" },
    h("p.empty", "Whoever is found is listed here, the most alike first."),
  );
  const stage = h("div.stack");
  const least = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 80,
    "aria-label": "Least similarity in percent",
    oninput: () => {
      bound.textContent = `${least.value} %`;
    },
    onchange: () => again(),
  });
  const bound = h("output.number", "80 %");
  const target = h(
    "select",
    { "aria-label": "What is searched", onchange: () => again() },
    h("option", { value: "Faces" }, "Faces"),
    h("option", { value: "Users" }, "Users"),
  );
  let photo = null;

  async function again() {
    const [operation, members] = asked();
    if (!operation) return;
    fill(found, h("p.empty", "Searching…"));
    try {
      const answer = await call(operation, members);
      const matches = answer.FaceMatches ?? answer.UserMatches;
      const box = answer.SearchedFaceBoundingBox ?? answer.SearchedFace?.FaceDetail?.BoundingBox;
      overlay?.show(box ? [{ id: "searched", hue: "var(--faces)", box, name: "searched" }] : []);
      inspected.show([{ operation, members, answer }]);
      fill(
        found,
        matches.length
          ? h(
              "ul",
              matches.map((match) => row(match, id, place)),
            )
          : h("p.empty", `Nobody with a similarity of ${least.value} % or more.`),
      );
      say(
        matches.length
          ? `${plural(matches.length, "match", "matches")}, the best ${percent(matches[0].Similarity)}`
          : "Nobody was found.",
      );
    } catch (error) {
      fill(found, trouble(error));
    }
  }

  /** The operation and members of the search as it is set. */
  function asked() {
    const users = target.value === "Users";
    const rest = users ? { UserMatchThreshold: least.valueAsNumber } : { FaceMatchThreshold: least.valueAsNumber };
    if (photo) return [`Search${target.value}ByImage`, { CollectionId: id, Image: { Bytes: photo }, ...rest }];
    if (kind === "face") return [`Search${target.value}`, { CollectionId: id, FaceId: known, ...rest }];
    if (kind === "user") return ["SearchUsers", { CollectionId: id, UserId: known, ...rest }];
    return [];
  }

  let overlay = null;
  async function take(files) {
    try {
      photo = await Photo.of(files[0]);
    } catch (error) {
      return tell(error.message);
    }
    const shown = staged(photo, `Searched: ${photo.name}`);
    const another = { says: "Drop another photo", low: true, label: "Choose a photo to search with" };
    overlay = shown.overlay;
    fill(stage, shown.figure, dropPlace(take, another));
    return again();
  }

  fill(
    stage,
    kind && h("p.panel.pad", `Searching with the ${kind} `, h("code", known)),
    dropPlace(take, {
      says: "Drop a photo to search with",
      label: "Choose a photo to search with",
      low: Boolean(kind),
    }),
  );
  if (kind === "user") target.value = "Users";
  body.append(
    h(
      "div.look",
      h(
        "div.stack",
        h("div.row", h("label.check", "Search", target), h("label.check", "Least similarity", least), bound),
        stage,
      ),
      h(
        "section.panel.results",
        { "aria-label": "Who was found" },
        tabs("Who was found", [
          ["Matches", found],
          ["Response", inspected.response],
          ["Code", inspected.code],
        ]),
      ),
    ),
  );
  if (kind) await again();
}

function row({ Similarity: similarity, Face: face, User: user }, id, place) {
  const name = user?.UserId ?? face.ExternalImageId ?? face.FaceId.slice(0, 8);
  return h(
    "li.match",
    { hue: "var(--faces)" },
    face ? thumbnail(face, id) : h("span.thumb.letter", name[0].toUpperCase()),
    h(
      "div.clip",
      h("a", { href: user ? `${place}/users` : `${place}/search/face/${face.FaceId}` }, name),
      h("div.muted.small.mono.clip", face?.FaceId ?? user.UserStatus.toLowerCase()),
    ),
    h("div.number", percent(similarity), bar(similarity)),
  );
}

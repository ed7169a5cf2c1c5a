// Small pictures of faces in a collection. Rekognition keeps none: they come from photos indexed in this page, which it
// remembers until it is closed, or from the bucket of uploads, where the person keeps photos. Else the place is shown.

import { getObject, own } from "./api.js";
import { h, svg } from "./dom.js";
import { crop } from "./photo.js";

/** FaceId to picture and box, of photos indexed in this page. */
const indexed = new Map();
/** Collection to a promise of FaceId to key. */
const uploaded = new Map();
/** Object key to a promise of its picture. */
const pictures = new Map();
const SMALL = 640;
const PAGES = 10;

/** Remember which photo brought these FaceRecords. Held small: a collection of thousands shall fit into the page. */
export async function remember(photo, records) {
  const bitmap = await small(photo.blob);
  for (const { Face: face } of records) indexed.set(face.FaceId, { bitmap, box: face.BoundingBox });
}

async function small(blob) {
  const full = await createImageBitmap(blob);
  const scale = Math.min(1, SMALL / Math.max(full.width, full.height));
  const options = {
    resizeWidth: Math.round(full.width * scale),
    resizeHeight: Math.round(full.height * scale),
    resizeQuality: "high",
  };
  return scale < 1 ? createImageBitmap(full, options) : full;
}

/** The objects in the bucket of uploads that brought the collection's faces: the first thousand. */
async function brought(collection) {
  const keys = new Map();
  let after = "";
  for (let page = 0; page < PAGES; page++) {
    const told = await own(`uploads?after=${encodeURIComponent(after)}`);
    for (const each of told?.Objects ?? []) {
      if (each.CollectionId === collection)
        for (const face of each.FaceIds) keys.set(face, { bucket: told.Bucket, key: each.Key });
    }
    if (!told?.NextToken) break;
    after = told.NextToken;
  }
  return keys;
}

async function kept(face, collection) {
  if (indexed.has(face.FaceId)) return indexed.get(face.FaceId);
  if (!uploaded.has(collection)) uploaded.set(collection, brought(collection));
  const object = (await uploaded.get(collection)).get(face.FaceId);
  if (!object) return null;
  if (!pictures.has(object.key)) pictures.set(object.key, getObject(object.bucket, object.key).then(small));
  return { bitmap: await pictures.get(object.key), box: face.BoundingBox };
}

/** Look for uploads anew: something was put or removed. */
export const forget = () => {
  uploaded.clear();
  pictures.clear();
};

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      target.load();
    }
  },
  { rootMargin: "300px" },
);

/** A face of a collection as a small square, filled when it comes into sight. */
export function thumbnail(face, collection) {
  const box = face.BoundingBox;
  const place = h(
    "span.thumb",
    { title: "No photo is kept of this face: this is where it was" },
    svg(
      "svg",
      { viewBox: "0 0 100 100", "aria-hidden": "true" },
      svg("rect", { x: box.Left * 100, y: box.Top * 100, width: box.Width * 100, height: box.Height * 100, rx: 6 }),
    ),
  );
  place.load = async () => {
    const found = await kept(face, collection).catch(() => null); // a photo that went meanwhile leaves the place
    if (!found) return;
    place.replaceChildren(crop(found.bitmap, found.box));
    place.removeAttribute("title");
  };
  seen.observe(place);
  return place;
}

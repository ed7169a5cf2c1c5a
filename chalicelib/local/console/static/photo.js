// Photos that a person drops, pastes or chooses, made fit for Rekognition: JPEG or PNG of at most 5 MB.

import { h, svg } from "./dom.js";
import { bytes } from "./format.js";
import { tell } from "./parts.js";

const LARGEST = 5 * 1024 * 1024;

/** A picture in this page. In a request it stands for its bytes. */
export class Photo {
  constructor(name, blob, base64, bitmap) {
    Object.assign(this, {
      name,
      blob,
      base64,
      bitmap,
      width: bitmap.width,
      height: bitmap.height,
      url: URL.createObjectURL(blob),
    });
  }

  /** What JSON.stringify writes in its place. */
  toJSON() {
    return this.base64;
  }

  /** Read a file; what Rekognition does not take (WebP, AVIF, too large) is made a JPEG. Raises for no picture. */
  static async of(file, name = file.name || "pasted.png") {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      throw new Error(`${name} is no picture that this browser can read.`);
    }
    if (["image/jpeg", "image/png"].includes(await kindOf(file)) && file.size <= LARGEST) {
      return new Photo(name, file, await base64Of(file), bitmap);
    }
    const made = await asJpeg(bitmap);
    tell(`${name} was made a JPEG of ${bytes(made.size)}: Rekognition takes JPEG and PNG of at most 5 MB.`, 8);
    return new Photo(name.replace(/\.\w+$/, "") + ".jpg", made, await base64Of(made), await createImageBitmap(made));
  }
}

async function kindOf(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (start[0] === 0xff && start[1] === 0xd8) return "image/jpeg";
  return start[0] === 0x89 && start[1] === 0x50 ? "image/png" : "";
}

function base64Of(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function asJpeg(bitmap) {
  for (let side = 4096; ; side /= 2) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const made = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
    if (made.size <= LARGEST) return made;
  }
}

/** A part of a picture, such as a face, as a small canvas with some of what is around it. `box` is in ratios. */
export function crop(bitmap, box, side = 96, around = 0.25) {
  const size = Math.max(box.Width * bitmap.width, box.Height * bitmap.height) * (1 + 2 * around);
  const left = (box.Left + box.Width / 2) * bitmap.width - size / 2;
  const top = (box.Top + box.Height / 2) * bitmap.height - size / 2;
  const canvas = h("canvas", { width: side * 2, height: side * 2 });
  canvas.getContext("2d").drawImage(bitmap, left, top, size, size, 0, 0, side * 2, side * 2);
  return canvas;
}

const picture = () =>
  svg(
    "svg",
    { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 1.5, "aria-hidden": "true" },
    svg("rect", { x: 3, y: 4, width: 18, height: 16, rx: 3 }),
    svg("circle", { cx: 8.5, cy: 9.5, r: 1.8 }),
    svg("path", { d: "m4 18 5.5-5 3.5 3 3-2.5 4.5 4" }),
  );

/** A place to drop files on, or paste; `onfiles` is given an array. `low` makes it one line. */
export function dropPlace(
  onfiles,
  { says = "Drop a photo", accept = "image/*", many = false, low = false, label = "Choose a photo" } = {},
) {
  const input = h("input", {
    type: "file",
    accept,
    multiple: many,
    hidden: true,
    onchange: () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) onfiles(files);
    },
  });
  const place = h(
    low ? "div.drop.low" : "div.drop",
    {
      ondragover: (event) => {
        event.preventDefault();
        place.dataset.over = "";
      },
      ondragleave: () => delete place.dataset.over,
      ondrop: (event) => {
        event.preventDefault();
        delete place.dataset.over;
        const files = [...event.dataTransfer.files];
        if (files.length) onfiles(many ? files : files.slice(0, 1));
      },
    },
    picture(),
    h("div", h("strong", says), h("span.muted", accept.startsWith("image") ? ", paste one, or " : ", or ")),
    h("button", { type: "button", "aria-label": label, onclick: () => input.click() }, "Choose…"),
    input,
  );
  const paste = (event) => {
    if (!place.isConnected) return document.removeEventListener("paste", paste);
    const files = [...event.clipboardData.files];
    if (files.length) onfiles(many ? files : files.slice(0, 1));
  };
  if (accept.startsWith("image")) document.addEventListener("paste", paste);
  return place;
}

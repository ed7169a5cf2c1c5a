"""Draw `label_boxes.jpg`: what DetectLabels sees in photos, and where, with the core pack alone.

    python docs/label_boxes.py

Under each box lies the activation map it was taken from. The photos' sources stand in tests/photos/README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chalicelib.config import Settings  # noqa: E402
from chalicelib.vision.activation import locate, overlay  # noqa: E402
from chalicelib.vision.classifier import Classifier  # noqa: E402
from chalicelib.vision.picture import Picture  # noqa: E402
from chalicelib.vision.sessions import Sessions  # noqa: E402
from chalicelib.vision.taxonomy import taxonomy  # noqa: E402

HEIGHT = 320
SHOWN = {"chelsea+coffee": ["Cat", "Coffee"], "astronaut": ["Helmet"]}
COLOURS = [(255, 70, 40), (60, 190, 255)]


def photo(name: str) -> Image.Image:
    """One photo, or several beside each other, HEIGHT high."""
    parts = [Image.open(ROOT / "tests" / "photos" / f"{part}.jpg") for part in name.split("+")]
    return beside([part.resize((round(part.width * HEIGHT / part.height), HEIGHT)) for part in parts])


def beside(parts: list[Image.Image], gap: int = 0) -> Image.Image:
    sheet = Image.new("RGB", (sum(part.width + gap for part in parts) - gap, HEIGHT), "white")
    left = 0
    for part in parts:
        sheet.paste(part, (left, 0))
        left += part.width + gap
    return sheet


def drawn(image: Image.Image, labels: list[str], classifier: Classifier) -> Image.Image:
    """The image under the maps and boxes of `labels`."""
    sight = classifier.look(Picture.of(np.asarray(image)))
    known = taxonomy()
    font = ImageFont.load_default(16)
    boxes = []
    for label, colour in zip(labels, COLOURS, strict=False):
        classes = np.array([label in (name, *known.labels[name].parents) for name in known.imagenet])
        heat = overlay(sight, classes).clip(0)
        alpha = Image.fromarray((heat / heat.max() * 130).astype(np.uint8)).resize(image.size)
        image = Image.composite(Image.new("RGB", image.size, colour), image, alpha)
        boxes += [(box, f"{label} {confidence:.0%}", colour) for box, confidence in locate(sight, classes)]
    pen = ImageDraw.Draw(image)
    for box, text, colour in boxes:
        left, top = box.left * image.width, box.top * HEIGHT
        right, bottom = left + box.width * image.width - 1, top + box.height * HEIGHT - 1
        pen.rectangle((left, top, right, bottom), outline=colour, width=3)
        pen.rectangle((left, top, left + pen.textlength(text, font) + 10, top + 22), fill=colour)
        pen.text((left + 5, top + 2), text, "white", font)
    return image


def main() -> None:
    classifier = Classifier(Sessions(Settings.from_environ().models))
    pictures = [drawn(photo(name), labels, classifier) for name, labels in SHOWN.items()]
    beside(pictures, gap=8).save(ROOT / "docs" / "label_boxes.jpg", quality=85)


if __name__ == "__main__":
    main()

"""Choose the constants of labels: temperatures, what is evident, and how far an object reaches on its map.

    python -m training.labels ../shared/data

Nothing is trained: the classifier's logits of ImageNet photos, of mosaics of them and of photos planted in blurred
scenes are computed once, and every choice is judged on them. Printed is what `classifier`, `vocabulary` and
`activation` in `vision` quote. The photos may have been among those the classifier was trained on, which makes it look
surer than it is elsewhere: of choices that do as well, the more careful one was taken.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from chalicelib.config import Settings
from chalicelib.evaluation.labels import calibration
from chalicelib.vision import activation
from chalicelib.vision.classifier import SQUARE, TILED, WHOLE, Classifier, Sight
from chalicelib.vision.labels import LEAST_CONFIDENCE
from chalicelib.vision.picture import Picture
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.taxonomy import taxonomy
from chalicelib.vision.vocabulary import vocabulary

CAREFUL, FIT = (WHOLE, SQUARE, TILED), (0.7, 0.8, 0.9)
TEMPERATURES = [CAREFUL, FIT, (0.8, 0.8, 0.8), (0.8, 1.0, 1.0), (1.0, 1.0, 1.0)]
EVIDENT = [0.0, 0.01, 0.02, 0.05]
EXTENTS = [0.15, 0.2, 0.25, 0.3, 0.4]


class Case(NamedTuple):
    """A picture's sight and the labels of what was put into it."""

    sight: Sight
    truths: list[str]


def photos(data: Path) -> list[tuple[Image.Image, str]]:
    with (data / "imagenet" / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        (Image.open(data / "imagenet" / row["file"]).convert("RGB"), taxonomy().lemmas[row["label"]]) for row in rows
    ]


def pairs(given: Sequence[tuple[Image.Image, str]]) -> Iterator[tuple[Image.Image, list[str]]]:
    """Two photos side by side, each photo once."""
    order = np.random.default_rng(0).permutation(len(given))
    for one, other in order[: len(order) // 2 * 2].reshape(-1, 2):
        halves = [
            image.resize((round(image.width * 336 / image.height), 336)) for image, _ in (given[one], given[other])
        ]
        scene = Image.new("RGB", (halves[0].width + halves[1].width, 336))
        scene.paste(halves[0], (0, 0))
        scene.paste(halves[1], (halves[0].width, 0))
        yield scene, [given[one][1], given[other][1]]


def tempered(case: Case, temperatures: tuple[float, float, float]) -> Case:
    """The case as the classifier would have seen it with other temperatures: p^(old / new), made to add up."""
    change = dict(zip(CAREFUL, temperatures, strict=True))
    powers = np.array([[view.temperature / change[view.temperature]] for view in case.sight.views])
    raised = np.maximum(case.sight.probabilities, 1e-30) ** powers
    return Case(
        replace(case.sight, probabilities=(raised / raised.sum(1, keepdims=True)).astype(np.float32)), case.truths
    )


def judge(cases: Sequence[Case]) -> str:
    """Recall and precision of class labels at the default confidence; of single photos also rank and calibration."""
    names, own = vocabulary().names, set(taxonomy().imagenet)
    ranked, shown, hits, sure = [], 0, 0, []
    for case in cases:
        best = vocabulary().confidences(case.sight.probabilities)
        order = [index for index in np.argsort(-best) if names[index] in own]
        answered = {names[index] for index in order if best[index] >= LEAST_CONFIDENCE}
        shown += len(answered)
        hits += len(answered & set(case.truths))
        ranked.append([names[index] for index in order[:5]])
        sure.append(best[order[0]] / 100)
    right = np.array([case.truths[0] == five[0] for case, five in zip(cases, ranked, strict=True)])
    within = np.mean([case.truths[0] in five for case, five in zip(cases, ranked, strict=True)])
    error = calibration(np.array(sure, dtype=np.float64), right)["expected_calibration_error"]
    wanted = sum(len(case.truths) for case in cases)
    single = (
        f"top 1 {right.mean():.3f}  top 5 {within:.3f}  calibration error {error:.3f}  " if wanted == len(cases) else ""
    )
    return f"{single}recall {hits / wanted:.3f}  precision {hits / max(shown, 1):.3f}"


def planted(
    given: Sequence[tuple[Image.Image, str]], count: int
) -> Iterator[tuple[Image.Image, str, NDArray[np.float64]]]:
    """Square photos of several sizes in blurred scenes of 640x480, with their boxes (left, top, right, bottom)."""
    random = np.random.default_rng(0)
    for index in range(count):
        image, truth = given[index]
        scene = given[(index + 77) % len(given)][0].resize((640, 480)).filter(ImageFilter.GaussianBlur(25))
        short, side = min(image.size), int(random.uniform(160, 380))
        left, top = int(random.uniform(0, 640 - side)), int(random.uniform(0, 480 - side))
        x, y = (image.width - short) // 2, (image.height - short) // 2
        scene.paste(image.crop((x, y, x + short, y + short)).resize((side, side)), (left, top))
        yield scene, truth, np.array([left, top, left + side, top + side]) / (640, 480, 640, 480)


def overlap(sight: Sight, truth: str, box: NDArray[np.float64]) -> float:
    """Intersection over union of the first box with the true one."""
    boxes = activation.locate(sight, np.array([name == truth for name in taxonomy().imagenet]))
    if not boxes:
        return 0.0
    first = boxes[0][0]
    found = np.array([first.left, first.top, first.left + first.width, first.top + first.height])
    shared = float((np.minimum(box[2:], found[2:]) - np.maximum(box[:2], found[:2])).clip(0).prod())
    return shared / (float((box[2:] - box[:2]).prod()) + first.area - shared)


def main(data: Path) -> None:
    sessions = Sessions(Settings.from_environ().models)
    classifier = Classifier(sessions)

    def look(image: Image.Image) -> Sight:
        return classifier.look(Picture.of(np.asarray(image)))

    given = photos(data)
    singles = [Case(look(image), [truth]) for image, truth in given]
    doubles = [Case(look(image), truths) for image, truths in pairs(given)]
    for temperatures in TEMPERATURES:
        for title, cases in ("photos", singles), ("pairs", doubles):
            print(f"{title:7} {temperatures}  {judge([tempered(case, temperatures) for case in cases])}")
    noise = look(Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)))
    for evident in EVIDENT:
        best = vocabulary().confidences(noise.probabilities, evident)
        print(f"noise, evident from {evident}: {vocabulary().names[int(best.argmax())]} {best.max():.0f}")
    scenes = [(look(image), truth, box) for image, truth, box in planted(given, 150)]
    named = [scene for scene in scenes if scene[0].probabilities[:, taxonomy().imagenet.index(scene[1])].max() >= 0.5]
    for extent in EXTENTS:
        activation._EXTENT = extent
        overlaps = np.array([overlap(*scene) for scene in named])
        half = (overlaps > 0.5).mean()
        print(f"extent {extent}: overlap {overlaps.mean():.3f}, half or more {half:.3f} of {len(named)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""How well DetectFaces tells the attributes of faces, of people and photos that no head was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..vision.picture import SMALLEST_SIDE, Picture, decode
from . import measures
from .running import Call, Progress, each
from .truth import EMOTIONS, SURE, Case, Cases, amount, column, held_out, opinion, person, table
from .verification import off_centre

Detail = Mapping[str, Any]
"""A FaceDetail, as DetectFaces answers it."""

_SHOWN = dict(zip(("ANGRY", "DISGUSTED", "FEAR", "HAPPY", "SAD", "SURPRISED", "CALM"), EMOTIONS, strict=True))
"""AWS's emotions by the dataset's."""


class Question(NamedTuple):
    """A member of FaceDetail that holds a Value, and the truth about it."""

    member: str
    dataset: str
    cases: Cases
    yes: Any = True
    """The Value that the truth 1 stands for."""
    opinion: bool = False
    """Whether the truth is another model's, and taken where that is sure."""


QUESTIONS = (
    Question("Gender", "lfw", column("gender", "gender.csv", ("female", "male")), yes="Male"),
    Question("Smile", "lfw", column("smile", "smile.csv")),
    Question("Eyeglasses", "lfw", opinion("Eyeglasses"), opinion=True),
    Question("Mustache", "lfw", opinion("Mustache"), opinion=True),
    Question("Beard", "lfw", opinion("No_Beard", invert=True), opinion=True),
    Question("MouthOpen", "lfw", opinion("Mouth_Slightly_Open"), opinion=True),
    Question("FaceOccluded", "mask", column("mask", "labels.csv")),
)
_AGES = amount("age", "labels.csv")
_EXPRESSIONS = column("emotion", "labels.csv", EMOTIONS)


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """All measures on the held-out photos under `data`: rates are `measures.Rate`s, ages are in years.

    `mask`, `utkface` and `expressions` are faces cut out tightly, and many below AWS's least side: they are laid, at
    their own size, on a black canvas half as large again. LFW's photos are sent as they are.
    """
    truths = {question.member: _held_out(data, question) for question in QUESTIONS}
    ages = [case for case in _AGES(data / "utkface") if held_out(person("utkface", case[0]))]
    shown = [case for case in _EXPRESSIONS(data / "expressions") if held_out(person("expressions", case[0]))]
    photos = {
        "lfw": [case for question in QUESTIONS if question.dataset == "lfw" for case in truths[question.member]],
        "mask": truths["FaceOccluded"],
        "utkface": ages,
        "expressions": shown,
    }
    details = {name: _details(data / name, cases, call, progress) for name, cases in photos.items()}
    return {
        "faceless": {
            name: measures.rate(sum(detail is None for detail in found.values()), len(found))
            for name, found in details.items()
        },
        **{
            question.member: judged(question, truths[question.member], details[question.dataset])
            for question in QUESTIONS
        },
        "AgeRange": aged(ages, details["utkface"]),
        "Emotions": expressed(shown, details["expressions"], _colour(data / "expressions")),
    }


def judged(question: Question, cases: Sequence[Case], details: Mapping[str, Detail | None]) -> dict[str, Any]:
    """Accuracy, the area under the curve, and whether confidences mean what they say, of faces that were found."""
    answers = [(truth, detail[question.member]) for file, truth in cases if (detail := details[file]) is not None]
    truth = np.array([truth > 0.5 for truth, _ in answers], dtype=bool)
    said = np.array([answer["Value"] == question.yes for _, answer in answers], dtype=bool)
    confidence = np.array([answer["Confidence"] for _, answer in answers], dtype=np.float64)
    both = truth.any() and not truth.all()
    return {
        "accuracy": measures.share(said == truth),
        "area_under_curve": measures.area_under_curve(np.where(said, confidence, 100 - confidence), truth)
        if both
        else None,
        **_trust(said == truth, confidence),
    }


def aged(cases: Sequence[Case], details: Mapping[str, Detail | None]) -> dict[str, Any]:
    """How far the middle of AgeRange is off, and how often the age lies in it, by the decade of the age."""
    answers = [(truth, detail["AgeRange"]) for file, truth in cases if (detail := details[file]) is not None]
    truth = np.array([truth for truth, _ in answers])
    low, high = (np.array([answer[end] for _, answer in answers]) for end in ("Low", "High"))
    errors, inside = np.abs((low + high) / 2 - truth), (low <= truth) & (truth <= high)
    decade = truth // 10
    return {
        "mean_error_years": float(errors.mean()),
        "inside_range": measures.share(inside),
        "range_years": float((high - low).mean()),
        "by_decade": {
            f"{at * 10:.0f} to {at * 10 + 9:.0f}": {
                "mean_error_years": float(errors[decade == at].mean()),
                "inside_range": measures.share(inside[decade == at]),
            }
            for at in np.unique(decade)
        },
    }


def expressed(cases: Sequence[Case], details: Mapping[str, Detail | None], colour: set[str]) -> dict[str, Any]:
    """How often the surest emotion is the one that is shown: of all photos, and of `colour` photos."""
    found = [(file, truth, detail["Emotions"][0]) for file, truth in cases if (detail := details[file]) is not None]
    right = np.array([_SHOWN.get(first["Type"]) == EMOTIONS[int(truth)] for _, truth, first in found])
    confidence = np.array([first["Confidence"] for _, _, first in found])
    return {
        "accuracy": measures.share(right),
        "on_colour_photos": measures.share(right[[file in colour for file, _, _ in found]]),
        **_trust(right, confidence),
    }


def _trust(right: measures.Flags, confidence: measures.Scores) -> dict[str, Any]:
    """How many are right of the answers given at about 90, and at 90 and above."""
    return {
        "right_at_85_to_95": measures.share(right[(confidence >= 85) & (confidence < 95)]),
        "right_from_90": measures.share(right[confidence >= 90]),
    }


def _held_out(data: Path, question: Question) -> list[Case]:
    cases = (case for case in question.cases(data / question.dataset) if held_out(person(question.dataset, case[0])))
    return [case for case in cases if not question.opinion or abs(case[1] - 0.5) > SURE]


def _colour(folder: Path) -> set[str]:
    return {row["file"] for row in table(folder / "labels.csv") if row["colour"] == "1"}


def _details(folder: Path, cases: Sequence[Case], call: Call, progress: Progress) -> dict[str, Detail | None]:
    """What DetectFaces says of the face nearest to each photo's middle; None where it finds none."""
    encode: Callable[[bytes], bytes] = bytes if folder.name == "lfw" else _on_canvas

    def detect(file: str) -> Detail | None:
        image = {"Bytes": encode((folder / file).read_bytes())}
        found = call("DetectFaces", {"Image": image, "Attributes": ["ALL"]})["FaceDetails"]
        return min(found, key=off_centre) if found else None

    files = sorted({file for file, _ in cases})
    return dict(zip(files, each(f"attributes, {folder.name}", detect, files, progress), strict=True))


def _on_canvas(data: bytes) -> bytes:
    cut = decode(data, smallest=1).pixels
    height, width = (max(round(1.5 * side), SMALLEST_SIDE) for side in cut.shape[:2])
    top, left = (height - cut.shape[0]) // 2, (width - cut.shape[1]) // 2
    canvas, out = np.zeros((height, width, 3), dtype=np.uint8), BytesIO()
    canvas[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    Picture.of(canvas).image.save(out, "PNG")
    return out.getvalue()

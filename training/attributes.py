"""The heads of face attributes: what each is trained on, and how well it does on people it never saw."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.evaluation.measures import area_under_curve, share
from chalicelib.evaluation.running import Progress
from chalicelib.evaluation.truth import EMOTIONS, SURE, Cases, amount, column, held_out, opinion, person, table
from chalicelib.vision.attributes import AGES, age_range
from chalicelib.vision.heads import Floats
from chalicelib.vision.sessions import Sessions

from .features import features
from .heads import FOLDER, Recipe, save, train


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A head to train."""

    name: str
    dataset: str
    cases: Cases
    outputs: int = 2
    recipe: Recipe = field(default_factory=Recipe)
    truth: str
    """Whose word the truth is."""
    failures: str
    """What it is known to get wrong, for the card."""


_OPINION = (
    "another model's opinion of LFW's photos (it agrees with people on 99 % of genders), measured where it is sure"
)

TASKS = (
    Task(
        name="gender",
        dataset="lfw",
        cases=column("gender", "gender.csv", ("female", "male")),
        truth="people's, of 5,185 photos",
        failures="Binary appearance in news photos of the early 2000s; small children were not among them.",
    ),
    Task(
        name="smile",
        dataset="lfw",
        cases=column("smile", "smile.csv"),
        truth="people's, of 1,533 photos",
        failures="Closed-mouth smiles; wide-open mouths that do not smile.",
    ),
    Task(
        name="eyeglasses",
        dataset="lfw",
        cases=opinion("Eyeglasses"),
        truth=_OPINION,
        failures="Rimless glasses; says nothing of reading glasses on the forehead.",
    ),
    Task(
        name="beard",
        dataset="lfw",
        cases=opinion("No_Beard", invert=True),
        truth=_OPINION,
        failures="Stubble counts on either side.",
    ),
    Task(
        name="mustache",
        dataset="lfw",
        cases=opinion("Mustache"),
        truth=_OPINION,
        failures="Few examples: hardly any photo has a mustache that the other model was sure of.",
    ),
    Task(
        name="mouth_open",
        dataset="lfw",
        cases=opinion("Mouth_Slightly_Open"),
        truth=_OPINION,
        failures="A toothy smile counts as open, as in the data.",
    ),
    Task(
        name="face_occluded",
        dataset="mask",
        cases=column("mask", "labels.csv"),
        truth="the publisher's folders: with and without a mask, 1,300 photos",
        failures="Trained on masks alone: hands, scarves and hair over a face are found less often.",
    ),
    Task(
        name="age",
        dataset="utkface",
        cases=amount("age", "labels.csv"),
        outputs=len(AGES),
        recipe=Recipe(hidden=128, epochs=40, rate=2e-3),
        truth="the publisher's, estimated by a model and checked by people, of 3,000 crops",
        failures="Above 80 it guesses too young; apparent age, not years lived.",
    ),
    Task(
        name="emotions",
        dataset="expressions",
        cases=column("emotion", "labels.csv", EMOTIONS),
        outputs=len(EMOTIONS),
        recipe=Recipe(epochs=400, rate=3e-3, decay=1.0, dropout=0.5),
        truth="the publisher's, of 700 photos; contempt is left out, confusion and calm were never labelled",
        failures="The colour photos are stills of seven actors with doubtful labels, those held out of one of them: "
        "right on a third. Fear is hardly ever found. Expressions are shown, not felt.",
    ),
)


def run(data: Path, sessions: Sessions, progress: Progress) -> dict[str, dict[str, Any]]:
    """Train every head, write it and its card; the cards by name."""
    cards = {}
    for number, task in enumerate(TASKS):
        progress("training heads of attributes", number, len(TASKS))
        cards[task.name] = _run(task, data, sessions, progress)
    progress("training heads of attributes", len(TASKS), len(TASKS))
    return cards


def _run(task: Task, data: Path, sessions: Sessions, progress: Progress) -> dict[str, Any]:
    cases = sorted(task.cases(data / task.dataset))
    photos = features(data, task.dataset, _files(data, task.dataset), sessions, progress)
    index = photos.index()
    known = [(index[file], truth, person(task.dataset, file)) for file, truth in cases if file in index]
    places, truths, people = (np.array(each) for each in zip(*known, strict=True))
    held = np.array([held_out(one) for one in people])
    inputs = photos.evidence.seen_by(task.name)[places]
    head = train(inputs[~held], _targets(task, truths[~held]), people[~held].tolist(), task.recipe)
    path = save(head, task.name)
    if task.truth == _OPINION:
        held &= np.abs(truths - 0.5) > SURE
    measured = _measured(task.name, head.probabilities(inputs[held]), np.rint(truths[held]))
    if task.name == "emotions":
        colour = {row["file"] for row in table(data / task.dataset / "labels.csv") if row["colour"] == "1"}
        right = head.probabilities(inputs[held]).argmax(1) == truths[held]
        measured["on_colour_photos"] = share(right[[photos.files[place] in colour for place in places[held]]])
    card = {
        "head": task.name,
        "data": f"{task.dataset}: {int((~held).sum())} photos trained on, {int(held.sum())} of others measured on",
        "truth": task.truth,
        "recipe": asdict(task.recipe),
        "bytes": path.stat().st_size,
        "measured": measured,
        "failures": task.failures,
        "licence": "Apache-2.0; trained on photos published for research, of which it holds none",
    }
    (FOLDER / f"{task.name}.json").write_text(json.dumps(card, indent=2) + "\n")
    return card


def _files(data: Path, dataset: str) -> list[str]:
    """The photos of a dataset that any head is trained on."""
    of_it = (task for task in TASKS if task.dataset == dataset)
    return sorted({file for task in of_it for file, _ in task.cases(data / dataset)})


def _targets(task: Task, truths: NDArray[np.float64]) -> Floats:
    """One-hot, or as sure as the truth is; for ages a bell around the truth, wider for the old.

    Gao et al., "Deep Label Distribution Learning with Label Ambiguity", 2017.
    """
    if task.name == "age":
        spread = np.maximum(2.0, 0.1 * truths)[:, None]
        bell = np.exp(-0.5 * ((AGES[None] - truths[:, None]) / spread) ** 2)
        return np.asarray(bell / bell.sum(1, keepdims=True), dtype=np.float32)
    if task.outputs == 2:
        return np.column_stack([1 - truths, truths]).astype(np.float32)
    one_hot: Floats = np.eye(task.outputs, dtype=np.float32)[truths.astype(int)]
    return one_hot


def _measured(name: str, probabilities: Floats, truths: NDArray[np.float64]) -> dict[str, Any]:
    if name == "age":
        return _measured_age(probabilities, truths)
    right = probabilities.argmax(1) == truths
    sure = probabilities.max(1) >= 0.9
    found: dict[str, Any] = {"accuracy": share(right), "right_of_those_given_at_90": share(right[sure])}
    if probabilities.shape[1] == 2:
        found["area_under_curve"] = area_under_curve(probabilities[:, 1].astype(np.float64), truths == 1)
    return found


def _measured_age(probabilities: Floats, truths: NDArray[np.float64]) -> dict[str, Any]:
    errors = np.abs(probabilities @ AGES - truths)
    ends = np.array([age_range(each) for each in probabilities])
    inside = (ends[:, 0] <= truths) & (truths <= ends[:, 1])
    decades = {
        f"{low} to {low + 9}": {"error": round(float(errors[of].mean()), 2), "inside_range": share(inside[of])}
        for low in range(0, 100, 10)
        if (of := (truths >= low) & (truths < low + 10)).any()
    }
    return {
        "mean_error_years": round(float(errors.mean()), 2),
        "inside_range": share(inside),
        "range_width_years": round(float((ends[:, 1] - ends[:, 0]).mean()), 1),
        "by_decade": decades,
    }

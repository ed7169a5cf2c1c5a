"""DetectLabels: what is in an image, and how it looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..vision.colours import Colour
from ..vision.findings import FoundLabel, Instance
from ..vision.labels import LABEL_MODEL_VERSION, LEAST_CONFIDENCE
from ..vision.picture import Picture
from ..vision.properties import Look, colours_within, properties
from .responses import bounding_box

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        DetectLabelsImagePropertiesTypeDef,
        DetectLabelsImageQualityTypeDef,
        DetectLabelsRequestTypeDef,
        DominantColorTypeDef,
        GeneralLabelsSettingsTypeDef,
        InstanceTypeDef,
        LabelTypeDef,
    )

    from ..backend import Backend

_MOST_LABELS = 1000
_MOST_COLOURS = 10


def detect_labels(request: DetectLabelsRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Labels, surest first, and the image's properties, as Features asks: labels alone unless told otherwise.

    Settings, MaxLabels and MinConfidence of a feature that is not asked for say nothing (unconfirmed).
    """
    features = request.get("Features") or ["GENERAL_LABELS"]
    settings = request.get("Settings", {})
    most_colours = settings.get("ImageProperties", {}).get("MaxDominantColors", _MOST_COLOURS)
    picture = backend.picture(request["Image"])
    answer: dict[str, Any] = {"Labels": [], "LabelModelVersion": LABEL_MODEL_VERSION}
    if "GENERAL_LABELS" in features:
        found = backend.labels.detect(picture, request.get("MinConfidence", LEAST_CONFIDENCE))
        kept = filtered(found, settings.get("GeneralLabels", {}))[: request.get("MaxLabels", _MOST_LABELS)]
        coloured = most_colours if "IMAGE_PROPERTIES" in features else 0
        answer["Labels"] = [label_member(one, picture, coloured) for one in kept]
    if "IMAGE_PROPERTIES" in features:
        answer["ImageProperties"] = _properties(picture, backend, most_colours)
    return answer


def filtered(found: Iterable[FoundLabel], settings: GeneralLabelsSettingsTypeDef) -> list[FoundLabel]:
    """What the filters let by: included by name or category, where any is given, and excluded by neither.

    Names count without regard to case (unconfirmed); a name no label has matches none.
    """
    names, categories = _folded(settings, "LabelInclusionFilters"), _folded(settings, "LabelCategoryInclusionFilters")
    without, elsewhere = _folded(settings, "LabelExclusionFilters"), _folded(settings, "LabelCategoryExclusionFilters")

    def passes(one: FoundLabel) -> bool:
        name, category = one.label.name.casefold(), one.label.category.casefold()
        included = not (names or categories) or name in names or category in categories
        return included and name not in without and category not in elsewhere

    return [one for one in found if passes(one)]


def label_member(one: FoundLabel, picture: Picture | None = None, most_colours: int = 0) -> LabelTypeDef:
    """A Label; the instances carry their colours where `most_colours` of `picture` are asked for."""
    return {
        "Name": one.label.name,
        "Confidence": one.confidence,
        "Instances": [_instance(instance, picture, most_colours) for instance in one.instances],
        "Parents": [{"Name": name} for name in one.label.parents],
        "Aliases": [{"Name": name} for name in one.label.aliases],
        "Categories": [{"Name": one.label.category}],
    }


def _folded(settings: Mapping[str, Any], member: str) -> Collection[str]:
    return {name.casefold() for name in settings.get(member, ())}


def _instance(instance: Instance, picture: Picture | None, most_colours: int) -> InstanceTypeDef:
    member: InstanceTypeDef = {"BoundingBox": bounding_box(instance.box), "Confidence": instance.confidence}
    if picture is not None and most_colours:
        member["DominantColors"] = _colours(colours_within(picture, instance.box, most_colours))
    return member


def _properties(picture: Picture, backend: Backend, most_colours: int) -> DetectLabelsImagePropertiesTypeDef:
    looks = properties(picture, backend.sessions, most_colours)
    return {
        "Quality": _quality(looks.whole),
        "DominantColors": _colours(looks.whole.colours),
        "Foreground": {
            "Quality": _quality(looks.foreground),
            "DominantColors": _colours(looks.foreground.colours),
        },
        "Background": {
            "Quality": _quality(looks.background),
            "DominantColors": _colours(looks.background.colours),
        },
    }


def _quality(look: Look) -> DetectLabelsImageQualityTypeDef:
    return {"Brightness": look.brightness, "Sharpness": look.sharpness, "Contrast": look.contrast}


def _colours(colours: Iterable[Colour]) -> list[DominantColorTypeDef]:
    return [
        {
            "Red": colour.red,
            "Green": colour.green,
            "Blue": colour.blue,
            "HexCode": colour.hex,
            "CSSColor": colour.css,
            "SimplifiedColor": colour.simplified,
            "PixelPercent": colour.percent,
        }
        for colour in colours
    ]

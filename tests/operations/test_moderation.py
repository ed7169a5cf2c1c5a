"""DetectModerationLabels over what a moderator is given to say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chalicelib.errors import ResourceNotFoundException
from chalicelib.operations.moderation import detect_moderation_labels
from chalicelib.vision.moderation import Moderated, moderation_labels
from chalicelib.vision.picture import Picture


class Given:
    """A backend that sees a revolver, and remembers how sure it was asked to be."""

    def __init__(self) -> None:
        self.least = -1.0

    @property
    def moderation(self) -> Given:
        return self

    def picture(self, _image: Any) -> Picture:
        return Picture.of(np.zeros((80, 80, 3), dtype=np.uint8))

    def detect(self, _picture: Picture, least: float) -> Moderated:
        self.least = least
        known = moderation_labels()
        return Moderated(((known["Violence"], 91.0), (known["Weapons"], 91.0)), (("Illustrated", 88.0),))


def ask(backend: Any, **request: Any) -> Any:
    return detect_moderation_labels({"Image": {"Bytes": b"unread"}, **request}, backend)  # type: ignore[typeddict-item]


def test_members_are_aws_s() -> None:
    backend = Given()
    assert ask(backend) == {
        "ModerationLabels": [
            {"Name": "Violence", "ParentName": "", "TaxonomyLevel": 1, "Confidence": 91.0},
            {"Name": "Weapons", "ParentName": "Violence", "TaxonomyLevel": 2, "Confidence": 91.0},
        ],
        "ModerationModelVersion": "7.0",
        "ContentTypes": [{"Name": "Illustrated", "Confidence": 88.0}],
    }
    assert backend.least == 50


def test_confidence_is_passed_on() -> None:
    backend = Given()
    ask(backend, MinConfidence=0)
    assert backend.least == 0


@pytest.mark.parametrize(
    "further",
    [
        {"HumanLoopConfig": {"HumanLoopName": "loop", "FlowDefinitionArn": "arn:aws:sagemaker:us-east-1:1:flow/f"}},
        {"ProjectVersion": "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1"},
    ],
)
def test_what_is_not_there_is_not_found(further: dict[str, Any]) -> None:
    """Unconfirmed: the model declares ResourceNotFoundException for this operation and says no more."""
    with pytest.raises(ResourceNotFoundException, match="arn:aws"):
        ask(Given(), **further)

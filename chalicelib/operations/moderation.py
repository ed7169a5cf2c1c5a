"""DetectModerationLabels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ResourceNotFoundException
from ..vision.moderation import LEAST_CONFIDENCE, MODERATION_MODEL_VERSION, ModerationLabel

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import DetectModerationLabelsRequestTypeDef, ModerationLabelTypeDef

    from ..backend import Backend


def detect_moderation_labels(request: DetectModerationLabelsRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Moderation labels and their ancestors, surest first.

    Amazon Augmented AI's human loops are a service of their own, so that no flow definition exists here, and no
    adapter can be trained: naming either is naming what is not there (unconfirmed).
    """
    if loop := request.get("HumanLoopConfig"):
        raise ResourceNotFoundException(f"The flow definition {loop['FlowDefinitionArn']} does not exist")
    if adapter := request.get("ProjectVersion"):
        raise ResourceNotFoundException(f"The project version {adapter} does not exist")
    found = backend.moderation.detect(backend.picture(request["Image"]), request.get("MinConfidence", LEAST_CONFIDENCE))
    return {
        "ModerationLabels": [moderation_member(label, confidence) for label, confidence in found.labels],
        "ModerationModelVersion": MODERATION_MODEL_VERSION,
        "ContentTypes": [{"Name": name, "Confidence": confidence} for name, confidence in found.content_types],
    }


def moderation_member(label: ModerationLabel, confidence: float) -> ModerationLabelTypeDef:
    """A label as AWS's ModerationLabel; confidence is 0 to 100."""
    return {
        "Name": label.name,
        "ParentName": label.parent,
        "TaxonomyLevel": label.level,
        "Confidence": confidence,
    }

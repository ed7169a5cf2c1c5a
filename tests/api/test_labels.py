"""DetectLabels and DetectModerationLabels as a boto3 client meets them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Server

PHOTOS = Path(__file__).parents[1] / "photos"


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client()


def photo(name: str) -> dict[str, bytes]:
    return {"Bytes": (PHOTOS / name).read_bytes()}


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> dict[str, bytes]:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"Bytes": file.getvalue()}


def test_labels_of_a_cat(client: Any) -> None:
    answer = client.detect_labels(Image=photo("chelsea.jpg"), MaxLabels=4)
    assert [label["Name"] for label in answer["Labels"]][:1] == ["Animal"]
    assert len(answer["Labels"]) == 4
    for label in answer["Labels"]:
        assert {"Name", "Confidence", "Instances", "Parents", "Aliases", "Categories"} == label.keys()
        assert label["Categories"] == [{"Name": "Animals and Pets"}]


def test_filters_and_properties_together(client: Any) -> None:
    answer = client.detect_labels(
        Image=photo("coffee.jpg"),
        Features=["GENERAL_LABELS", "IMAGE_PROPERTIES"],
        Settings={
            "GeneralLabels": {"LabelInclusionFilters": ["Coffee"]},
            "ImageProperties": {"MaxDominantColors": 3},
        },
    )
    (coffee,) = answer["Labels"]
    assert coffee["Name"] == "Coffee"
    assert 1 <= len(coffee["Instances"][0]["DominantColors"]) <= 3
    properties = answer["ImageProperties"]
    for part in (properties, properties["Foreground"], properties["Background"]):
        assert 1 <= len(part["DominantColors"]) <= 3
        assert sum(colour["PixelPercent"] for colour in part["DominantColors"]) == pytest.approx(100, abs=0.01)
        assert set(part["Quality"]) == {"Brightness", "Sharpness", "Contrast"}


@pytest.mark.parametrize("shape", [(80, 80), (80, 4000), (3000, 80), (200, 300)])
@pytest.mark.parametrize("value", [0, 255])
def test_a_blank_picture_is_answered_with_nothing(client: Any, shape: tuple[int, int], value: int) -> None:
    image = png(np.full((*shape, 3), value, dtype=np.uint8))
    assert client.detect_labels(Image=image)["Labels"] == []
    assert client.detect_moderation_labels(Image=image)["ModerationLabels"] == []


def test_noise_is_answered(client: Any) -> None:
    image = png(np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8))
    answer = client.detect_labels(Image=image, Features=["GENERAL_LABELS", "IMAGE_PROPERTIES"])
    assert answer["Labels"] == []
    assert len(answer["ImageProperties"]["DominantColors"]) == 10


@pytest.mark.parametrize("shape", [(1, 300), (79, 300)])
def test_a_picture_too_small_is_refused(client: Any, shape: tuple[int, int]) -> None:
    image = png(np.zeros((*shape, 3), dtype=np.uint8))
    for operation in client.detect_labels, client.detect_moderation_labels:
        with pytest.raises(client.exceptions.InvalidParameterException):
            operation(Image=image)


def test_moderation_of_a_harmless_photo(client: Any) -> None:
    answer = client.detect_moderation_labels(Image=photo("chelsea.jpg"))
    assert answer["ModerationLabels"] == []
    assert answer["ModerationModelVersion"] == "7.0"
    assert answer["ContentTypes"] == []


def test_a_human_loop_is_not_there(client: Any) -> None:
    loop = {
        "HumanLoopName": "review",
        "FlowDefinitionArn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f",
    }
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.detect_moderation_labels(Image=photo("chelsea.jpg"), HumanLoopConfig=loop)

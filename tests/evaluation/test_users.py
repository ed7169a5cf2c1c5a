"""The evaluation of users on people whose faces are places on a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.evaluation import users
from chalicelib.evaluation.users import Answer, identified
from tests.evaluation.people import silent


def test_at_each_rate_as_many_strangers_are_let_by() -> None:
    people = ["ada", "ada", "eve", *[None] * 100]
    answers = [Answer(95, "ada"), Answer(40, "ada"), Answer(99, "ada")]
    answers += [Answer(at, "eve") for at in range(100)]  # strangers: 0 to 99
    found = identified(people, answers)
    assert (found["comes_first"]["hits"], found["comes_first"]["of"]) == (2, 3)
    assert found["identified_at_0.01"]["hits"] == 0  # above 98
    assert found["identified_at_0.05"]["hits"] == 1  # above 94
    assert found["identified_at_0.1"]["hits"] == 1


class Endpoint:
    """A collection of people whose photos say where they are on a line; users are the mean of their faces."""

    def __init__(self) -> None:
        self.collections: dict[str, dict[str, tuple[float, str]]] = {}
        self.users: dict[str, list[float]] = {}

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = getattr(self, operation)(request)
        return answer

    def CreateCollection(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.collections[request["CollectionId"]] = {}
        return {}

    def DeleteCollection(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        del self.collections[request["CollectionId"]]
        return {}

    def IndexFaces(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        faces = self.collections[request["CollectionId"]]
        records = []
        for at, place in enumerate(places(request)):
            face = f"face-{len(faces)}"
            faces[face] = (place, request["ExternalImageId"])
            box = {"Left": 0.4 - 0.4 * at, "Top": 0.4, "Width": 0.2, "Height": 0.2}
            records.append({"Face": {"FaceId": face, "BoundingBox": box}})
        return {"FaceRecords": records[::-1]}

    def DeleteFaces(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        for face in request["FaceIds"]:
            del self.collections[request["CollectionId"]][face]
        return {}

    def CreateUser(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.users[request["UserId"]] = []
        return {}

    def AssociateFaces(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        faces = self.collections[request["CollectionId"]]
        assert all(faces[face][1] == request["UserId"] for face in request["FaceIds"])
        self.users[request["UserId"]] = [faces[face][0] for face in request["FaceIds"]]
        return {}

    def SearchFacesByImage(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        known = self.collections[request["CollectionId"]].values()
        if not places(request):
            raise InvalidParameterException
        far, name = min((abs(place - places(request)[0]), name) for place, name in known)
        return {"FaceMatches": [{"Similarity": 100 - far, "Face": {"ExternalImageId": name}}]}

    def SearchUsersByImage(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if not places(request):
            return {"UserMatches": []}
        far, name = min((abs(float(np.mean(known)) - places(request)[0]), name) for name, known in self.users.items())
        return {"UserMatches": [{"Similarity": 100 - far, "User": {"UserId": name}}]}


def places(request: Mapping[str, Any]) -> list[float]:
    return [float(place) for place in request["Image"]["Bytes"].split()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ada, Eve, and strangers; one of Ada's photos misleads, another has a bystander, another no face."""
    people = {
        "Ada": ["0", "1 500", "11", "0", "", "0", "7"],  # the last is one too many
        "Eve": ["16", "17", "18", "12"],
        **{f"Stranger_{at}": [str(100 + at)] for at in range(5)},
        "Twice": ["7", "7"],  # neither known nor a stranger
    }
    for person, photos in people.items():
        for at, photo in enumerate(photos):
            path = tmp_path / "lfw" / "images" / person / f"{person}_{at}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(photo)
    return tmp_path


def test_users_and_faces_are_asked_about_the_same_photos(data: Path) -> None:
    endpoint = Endpoint()
    found = users.run(data, endpoint.call, silent)
    assert (found["people"], found["probes"], found["strangers"]) == (2, 4, 5)
    # Eve's last photo is nearest to Ada's misleading face, but nearer to the user Eve than to the user Ada.
    assert found["SearchFacesByImage"]["comes_first"]["hits"] == 2
    assert found["SearchUsersByImage"]["comes_first"]["hits"] == 3
    assert endpoint.collections == {}
    assert endpoint.users == {"Ada": [0, 1, 11], "Eve": [16, 17, 18]}

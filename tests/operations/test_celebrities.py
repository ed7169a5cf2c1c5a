"""RecognizeCelebrities and GetCelebrityInfo: a real collection in DynamoDB, faces whose vectors are known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from botocore.session import get_session

from chalicelib.errors import ResourceNotFoundException, SetupError
from chalicelib.operations.celebrities import LEAST_CONFIDENCE, celebrity_id
from chalicelib.vision.attributes import AgeRange, Answer, Attributes
from chalicelib.vision.embedding import Looks
from chalicelib.vision.expression import Gaze
from chalicelib.vision.faces import Face, distance_at
from chalicelib.vision.picture import Picture
from tests.operations.camera import Camera, Person
from tests.operations.conftest import Client


class Reader:
    """Finds everybody smiling."""

    def read(self, _picture: Picture, faces: Sequence[Face], _looks: Looks | None = None) -> list[Attributes]:
        yes = Answer(True, 91.0)
        everybody = Attributes(
            age_range=AgeRange(20, 30),
            age=25.0,
            male=yes,
            smile=yes,
            eyeglasses=yes,
            sunglasses=yes,
            beard=yes,
            mustache=yes,
            eyes_open=yes,
            mouth_open=yes,
            face_occluded=yes,
            emotions={"HAPPY": 100.0},
            gaze=Gaze(0, 0),
            gaze_confidence=50.0,
        )
        return [everybody for _ in faces]


class Gallery:
    """A server's celebrities, as its clients see them."""

    def __init__(self, client: Client, camera: Camera) -> None:
        self.client = client
        self.camera = camera

    def learn(self, person: Person | str, external_id: str | None) -> str:
        """Index a photo of somebody; returns the FaceId."""
        named = {"ExternalImageId": external_id} if external_id else {}
        image = {"Bytes": self.camera.photo(person)}
        answer = self.client("IndexFaces", CollectionId="celebrities", Image=image, **named)
        return str(answer["FaceRecords"][0]["Face"]["FaceId"])

    def recognize(self, *people: Person | str) -> dict[str, Any]:
        return self.client("RecognizeCelebrities", Image={"Bytes": self.camera.photo(*people)})

    def info(self, identity: str) -> dict[str, Any]:
        return self.client("GetCelebrityInfo", Id=identity)

    def with_facts(self, path: Path, facts: str) -> Gallery:
        """The same gallery where the user keeps this file."""
        path.write_text(facts)
        settings = msgspec.structs.replace(self.client.backend.settings, celebrity_facts=path)
        return Gallery(Client(replace(self.client.backend, settings=settings)), self.camera)


@pytest.fixture
def nobody(client: Client, camera: Camera) -> Gallery:
    """No gallery yet."""
    client.backend.vision.attributes = cast("Any", Reader())
    return Gallery(client, camera)


@pytest.fixture
def gallery(nobody: Gallery) -> Gallery:
    nobody.client("CreateCollection", CollectionId="celebrities")
    nobody.learn("ada", "Ada_Lovelace")
    nobody.learn("grace", "Grace_Hopper")
    return nobody


def test_without_a_gallery_nobody_is_recognised(nobody: Gallery) -> None:
    answer = nobody.recognize("ada", "grace")
    assert answer["CelebrityFaces"] == []
    assert len(answer["UnrecognizedFaces"]) == 2


def test_those_of_the_gallery_are_told_from_the_others(gallery: Gallery) -> None:
    answer = gallery.recognize("alan", "grace", "ada")
    assert [one["Name"] for one in answer["CelebrityFaces"]] == ["Grace Hopper", "Ada Lovelace"]
    assert [one["Face"]["BoundingBox"]["Left"] for one in answer["CelebrityFaces"]] == pytest.approx([0.01, 0.02])
    assert [one["BoundingBox"]["Left"] for one in answer["UnrecognizedFaces"]] == pytest.approx([0])
    assert [one["MatchConfidence"] for one in answer["CelebrityFaces"]] == pytest.approx([100, 100])


def test_members_are_awss(gallery: Gallery) -> None:
    answer = gallery.recognize("ada", "alan")
    shapes = get_session().get_service_model("rekognition")
    (celebrity,), (other,) = answer["CelebrityFaces"], answer["UnrecognizedFaces"]
    assert set(celebrity) == set(shapes.shape_for("Celebrity").members)
    assert set(celebrity["Face"]) == set(other) == set(shapes.shape_for("ComparedFace").members)
    assert celebrity["Face"]["Smile"] == {"Value": True, "Confidence": 91.0}
    assert celebrity["Urls"] == []
    assert celebrity["KnownGender"] == {"Type": "Unlisted"}
    assert "OrientationCorrection" not in answer


def test_a_face_that_is_merely_alike_is_nobody(gallery: Gallery) -> None:
    near, far = (Person("ada", likeness=distance_at(LEAST_CONFIDENCE) + beyond) for beyond in (-1e-3, 1e-3))
    assert gallery.recognize(near)["CelebrityFaces"][0]["MatchConfidence"] == pytest.approx(LEAST_CONFIDENCE, abs=1)
    assert gallery.recognize(far)["CelebrityFaces"] == []


def test_a_face_without_a_name_names_nobody_and_hides_nobody(gallery: Gallery) -> None:
    gallery.learn(Person("alan", likeness=0.1), "Alan_Turing")
    gallery.learn("alan", None)  # the very photo that is asked about
    gallery.learn("eve", None)
    answer = gallery.recognize("alan", "eve")
    assert [one["Name"] for one in answer["CelebrityFaces"]] == ["Alan Turing"]


def test_the_64_largest_faces_are_looked_at(gallery: Gallery) -> None:
    answer = gallery.recognize(*["alan"] * 64, Person("ada", size=0.1))
    assert len(answer["UnrecognizedFaces"]) == 64
    assert answer["CelebrityFaces"] == []


def test_no_face_is_no_error(gallery: Gallery) -> None:
    assert gallery.recognize() == {"CelebrityFaces": [], "UnrecognizedFaces": []}


def test_somebody_is_known_by_the_same_id_in_both_operations(gallery: Gallery) -> None:
    identity = gallery.recognize("ada")["CelebrityFaces"][0]["Id"]
    assert identity == celebrity_id("Ada_Lovelace") == "c3a610cf84d321c6"  # pinned: clients keep Ids
    assert gallery.info(identity) == {
        "Name": "Ada Lovelace",
        "Urls": [],
        "KnownGender": {"Type": "Unlisted"},
    }


@pytest.mark.parametrize("identity", ["", "abc", celebrity_id("Alan_Turing")])
def test_an_unknown_id_is_not_found(gallery: Gallery, identity: str) -> None:
    with pytest.raises(ResourceNotFoundException):
        gallery.info(identity)


def test_without_a_gallery_no_id_is_known(nobody: Gallery) -> None:
    with pytest.raises(ResourceNotFoundException):
        nobody.info(celebrity_id("Ada_Lovelace"))


def test_who_is_deleted_is_forgotten(gallery: Gallery) -> None:
    face = gallery.learn("alan", "Alan_Turing")
    assert gallery.recognize("alan")["CelebrityFaces"][0]["Name"] == "Alan Turing"
    gallery.client("DeleteFaces", CollectionId="celebrities", FaceIds=[face])
    assert gallery.recognize("alan")["CelebrityFaces"] == []
    with pytest.raises(ResourceNotFoundException):
        gallery.info(celebrity_id("Alan_Turing"))


FACTS = """
[Ada_Lovelace]
name = "Ada Lovelace, Countess"
urls = ["www.wikidata.org/wiki/Q7259"]
gender = "Female"
"""


def test_the_users_file_adds_name_links_and_gender(gallery: Gallery, tmp_path: Path) -> None:
    told = gallery.with_facts(tmp_path / "facts.toml", FACTS)
    ada, grace = told.recognize("ada", "grace")["CelebrityFaces"]
    assert ada["Name"] == "Ada Lovelace, Countess"
    assert ada["Urls"] == ["www.wikidata.org/wiki/Q7259"]
    assert ada["KnownGender"] == {"Type": "Female"}
    assert grace["Name"] == "Grace Hopper"
    assert told.info(ada["Id"])["Name"] == "Ada Lovelace, Countess"


def test_a_changed_file_is_read_again(gallery: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    told = gallery.with_facts(path, FACTS)
    told.recognize("ada")
    path.write_text(FACTS.replace("Countess", "programmer"))
    os.utime(path, ns=(1, 1))
    assert told.recognize("ada")["CelebrityFaces"][0]["Name"] == "Ada Lovelace, programmer"


@pytest.mark.parametrize("facts", ["[Ada_Lovelace", '[Ada_Lovelace]\ngender = "F"', "[Ada_Lovelace]\nage = 36"])
def test_a_file_that_cannot_be_understood_is_named(gallery: Gallery, tmp_path: Path, facts: str) -> None:
    told = gallery.with_facts(tmp_path / "facts.toml", facts)
    with pytest.raises(SetupError, match=r"facts\.toml"):
        told.recognize("ada")

"""`lookalike detect` and `lookalike compare`, with a server and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from chalicelib.errors import SetupError
from chalicelib.local.cli import app
from chalicelib.local.commands.photos import LARGEST, bytes_of, photos_of
from chalicelib.local.commands.subjects import SUBJECTS
from tests.conftest import ROOT, Server
from tests.films import card

PHOTOS = ROOT / "tests" / "photos"
ASTRONAUT, CAT = PHOTOS / "astronaut.jpg", PHOTOS / "chelsea.jpg"


class Lookalike:
    """The command line of someone whose server runs at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, *words: str | Path) -> Result:
        environ = {"AWS_ENDPOINT_URL": self._url, "AWS_CONFIG_FILE": "none", "COLUMNS": "200"}
        return CliRunner().invoke(app, [str(word) for word in words], env=environ)


@pytest.fixture
def lookalike(server: Server) -> Lookalike:
    return Lookalike(server.url)


def alone(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with no server anywhere, and credentials that would fail."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "chalicelib", *map(str, words)],
        cwd=ROOT,
        env=environ | {"AWS_PROFILE": "nobody", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.usefixtures("models")
def test_without_a_server_it_looks_itself_and_answers_the_same(lookalike: Lookalike) -> None:
    looked = alone("detect", "faces", ASTRONAUT, CAT, "--json")
    assert looked.returncode == 0, looked.stderr
    answers = [json.loads(line) for line in looked.stdout.splitlines()]
    assert [(answer["File"], len(answer["FaceDetails"])) for answer in answers] == [(str(ASTRONAUT), 1), (str(CAT), 0)]
    served = [json.loads(line) for line in lookalike("detect", "faces", ASTRONAUT, CAT, "--json").output.splitlines()]
    here, there = (
        [
            point[axis]
            for answer in each
            for face in answer["FaceDetails"]
            for point in face["Landmarks"]
            for axis in "XY"
        ]
        for each in (answers, served)
    )
    assert len(here) == 60
    assert here == pytest.approx(there)
    compared = alone("compare", ASTRONAUT, ROOT / "examples" / "visitor.jpg")
    assert compared.returncode == 0, compared.stderr
    assert "the same" in compared.stdout


@pytest.mark.parametrize(
    ("subject", "photo", "told"),
    [
        ("faces", ASTRONAUT, ["Female", "HAPPY", "smile", "18 to 4"]),
        ("labels", CAT, ["Cat", "Animal, Mammal, Pet"]),
        ("moderation", PHOTOS / "coffee.jpg", ["nothing"]),
        ("ppe", ASTRONAUT, ["FACE: nothing"]),
    ],
)
def test_what_is_seen_is_told_in_a_table(lookalike: Lookalike, subject: str, photo: Path, told: list[str]) -> None:
    shown = lookalike("detect", subject, photo)
    assert shown.exit_code == 0, shown.exception
    assert shown.output.startswith(str(photo))
    assert [words for words in told if words not in shown.output] == []


def test_text_is_read_and_drawn_around(lookalike: Lookalike, tmp_path: Path) -> None:
    Image.fromarray(card("HELLO 42", (640, 480))).save(tmp_path / "card.png")
    shown = lookalike("detect", "text", tmp_path / "card.png", "--draw", tmp_path / "out" / "seen.png")
    assert "HELLO 42" in shown.output
    with Image.open(tmp_path / "out" / "seen.png") as drawn:
        assert drawn.size == (640, 480)
        coloured = drawn.convert("HSV").getchannel("S").point(lambda saturation: 255 * (saturation > 100)).getbbox()
    assert coloured is not None  # the card itself is black and white
    assert coloured == pytest.approx((90, 180, 551, 289), abs=12)


def test_least_confidence_leaves_out_what_is_less_sure(lookalike: Lookalike) -> None:
    every, sure = (
        {label["Name"] for label in json.loads(lookalike("detect", "labels", CAT, "--json", *options).output)["Labels"]}
        for options in ((), ("--min-confidence", "90"))
    )
    assert "Cat" in sure
    assert sure < every


def test_a_folder_is_drawn_into_a_folder(lookalike: Lookalike, tmp_path: Path) -> None:
    for place in ("one", "two/deep"):
        (tmp_path / "photos" / place).mkdir(parents=True)
        (tmp_path / "photos" / place / "cat.jpg").write_bytes(CAT.read_bytes())
    (tmp_path / "photos" / "notes.txt").write_text("words")
    shown = lookalike("detect", "labels", tmp_path / "photos", "--draw", tmp_path / "out")
    assert shown.exit_code == 0, shown.exception
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cat-2.png", "cat.png"]


@pytest.mark.parametrize(("more", "out"), [([], "cat.jpg"), ([ASTRONAUT], "seen.png")])
def test_no_drawing_is_written_over_a_photo_or_another_drawing(
    lookalike: Lookalike, tmp_path: Path, more: list[Path], out: str
) -> None:
    (tmp_path / "cat.jpg").write_bytes(CAT.read_bytes())
    shown = lookalike("detect", "labels", tmp_path / "cat.jpg", *more, "--draw", tmp_path / out)
    assert isinstance(shown.exception, SetupError)
    assert (tmp_path / "cat.jpg").read_bytes() == CAT.read_bytes()
    assert not (tmp_path / "seen.png").exists()


def test_a_photo_that_does_not_do_is_named_and_spoils_no_other(lookalike: Lookalike, tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("words")
    Image.new("RGB", (20, 20)).save(tmp_path / "tiny.png")
    shown = lookalike("detect", "labels", tmp_path / "words.jpg", tmp_path / "tiny.png", CAT)
    assert "Cat" in shown.output
    assert isinstance(shown.exception, SetupError)
    assert "words.jpg (not a picture" in str(shown.exception)
    assert "tiny.png (InvalidParameterException" in str(shown.exception)
    assert str(CAT) not in str(shown.exception)


def test_faces_of_two_photos_are_compared(lookalike: Lookalike) -> None:
    same = lookalike("compare", ASTRONAUT, ROOT / "examples" / "visitor.jpg")
    assert "the same" in same.output
    stricter = lookalike("compare", ASTRONAUT, ROOT / "examples" / "visitor.jpg", "--threshold", "100")
    assert "somebody else" in stricter.output
    answer = json.loads(lookalike("compare", ASTRONAUT, ASTRONAUT, "--json").output)
    assert answer["FaceMatches"][0]["Similarity"] > 99
    nobody = lookalike("compare", ASTRONAUT, CAT)
    assert isinstance(nobody.exception, SetupError)
    assert "no face" in str(nobody.exception)


def test_without_the_server_that_was_named_the_way_to_one_is_told() -> None:
    refused = Lookalike("http://127.0.0.1:9")("detect", "faces", ASTRONAUT)
    assert isinstance(refused.exception, SetupError)
    assert "lookalike serve" in str(refused.exception)


def test_what_a_camera_writes_is_made_to_fit(tmp_path: Path) -> None:
    assert bytes_of(CAT) == CAT.read_bytes()
    noise = Image.frombytes("RGB", (2400, 1200), os.urandom(2400 * 1200 * 3))
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    noise.save(tmp_path / "camera.jpg", quality=98, exif=exif)
    assert (tmp_path / "camera.jpg").stat().st_size > LARGEST
    Image.open(CAT).save(tmp_path / "cat.webp")
    for name, taller in (("camera.jpg", True), ("cat.webp", False)):
        made = tmp_path / "made.jpg"
        made.write_bytes(bytes_of(tmp_path / name))
        assert made.stat().st_size <= LARGEST
        with Image.open(made) as image:
            assert (image.format, image.height > image.width) == ("JPEG", taller)


def test_a_folder_without_photos_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no photo"):
        photos_of([tmp_path])
    assert photos_of([CAT, CAT, PHOTOS])[0] == CAT
    assert len(photos_of([CAT, CAT, PHOTOS])) == 3


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_gives_examples(subject: str) -> None:
    shown = CliRunner().invoke(app, ["detect", subject, "--help"], env={"COLUMNS": "120"}).output
    assert f"lookalike detect {subject} photo.jpg --draw" in shown
    assert ("--min-confidence" in shown) == (subject in {"labels", "moderation", "text"})

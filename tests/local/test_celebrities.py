"""`lookalike celebrities` against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from chalicelib.errors import SetupError
from chalicelib.local.cli import app
from chalicelib.local.commands.celebrities import external_id_of
from tests.conftest import Server


class Lookalike:
    """The command line of someone who set AWS_ENDPOINT_URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, *words: str) -> Result:
        environ = {"AWS_ENDPOINT_URL": self._url, "AWS_CONFIG_FILE": "none", "COLUMNS": "200"}
        return CliRunner().invoke(app, ["celebrities", *words], env=environ)


@pytest.fixture
def lookalike(server: Server) -> Iterator[Lookalike]:
    """A server with no gallery."""
    yield Lookalike(server.url)
    client = server.client()
    if "celebrities" in client.list_collections()["CollectionIds"]:
        client.delete_collection(CollectionId="celebrities")


@pytest.fixture
def portrait(astronaut: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "portrait.jpg"
    path.write_bytes(astronaut)
    return path


def test_who_was_added_is_recognised_and_listed_until_removed(
    lookalike: Lookalike, server: Server, portrait: Path, astronaut: bytes
) -> None:
    assert "1 of 1 photos added" in lookalike("add", "Eileen Collins", str(portrait)).output
    (celebrity,) = server.client().recognize_celebrities(Image={"Bytes": astronaut})["CelebrityFaces"]
    assert celebrity["Name"] == "Eileen Collins"
    assert celebrity["MatchConfidence"] > 99
    listed = lookalike("list").output.splitlines()[-1].split()
    assert listed == ["Eileen_Collins", "Eileen", "Collins", celebrity["Id"], "1"]
    assert "1 faces deleted" in lookalike("remove", "Eileen Collins").output
    assert server.client().recognize_celebrities(Image={"Bytes": astronaut})["CelebrityFaces"] == []


def test_a_photo_that_does_not_do_is_named_and_spoils_no_other(
    lookalike: Lookalike, portrait: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (100, 100)).save(tmp_path / "dark.png")
    (tmp_path / "words.jpg").write_text("words")
    photos = ["dark.png", "words.jpg", "portrait.jpg", "missing.jpg"]
    added = lookalike("add", "Eileen Collins", *(str(tmp_path / photo) for photo in photos))
    assert "1 of 4 photos added" in added.output
    assert isinstance(added.exception, SetupError)
    assert "dark.png (no face found)" in str(added.exception)
    assert "InvalidImageFormatException" in str(added.exception)
    assert "No such file" in str(added.exception)
    assert "portrait.jpg" not in str(added.exception)


def test_nobody_is_known_before_anybody_was_added(lookalike: Lookalike) -> None:
    assert lookalike("list").exit_code == 0
    assert isinstance(lookalike("remove", "Nobody").exception, SetupError)


def test_without_a_server_the_way_to_one_is_told(portrait: Path) -> None:
    refused = Lookalike("http://127.0.0.1:9")("add", "Eileen Collins", str(portrait))
    assert isinstance(refused.exception, SetupError)
    assert "lookalike serve" in str(refused.exception)


@pytest.mark.parametrize(
    ("name", "external_id"),
    [("Ada Lovelace", "Ada_Lovelace"), ("Ada_Lovelace", "Ada_Lovelace"), (" J. R.  Ewing ", "J._R._Ewing")],
)
def test_names_become_external_ids(name: str, external_id: str) -> None:
    assert external_id_of(name) == external_id


@pytest.mark.parametrize("name", ["", "Zoë", "a/b", "x" * 256])
def test_what_aws_does_not_allow_is_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(SetupError, match="facts"):
        external_id_of(name)

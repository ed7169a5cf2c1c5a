"""What people come for: look at a photo, keep its faces, find them again, read what was asked."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.conftest import PHOTOS, SLOW, Visit, drop, expect

ASTRONAUT = PHOTOS / "astronaut.jpg"


def test_drop_a_photo_index_it_search_with_another_and_read_the_log(visit: Visit, another: Path) -> None:
    page = visit.page
    visit.open("look")
    drop(page, ASTRONAUT)
    visit.looked()
    expect(page.get_by_role("button", name="Faces 1")).to_be_visible()
    expect(page.locator(".overlay .name text", has_text="Female")).not_to_have_count(0)

    name = f"journey-{os.getpid()}"
    page.get_by_role("link", name="Collections").click()
    page.get_by_label("Name of a new collection").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.locator("h1")).to_have_text(name)
    visit.choose(ASTRONAUT, PHOTOS / "coffee.jpg")
    expect(page.get_by_text("astronaut.jpg: 1 face indexed")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("coffee.jpg: 0 faces indexed")).to_be_visible(timeout=SLOW)
    expect(page.locator(".face .thumb canvas")).to_have_count(1)

    page.get_by_role("link", name="Search", exact=True).click()
    visit.choose(another)
    found = page.locator(".match")
    expect(found).to_have_count(1, timeout=SLOW)
    expect(found.get_by_role("link")).to_have_text("astronaut")
    assert float(found.locator(".number").inner_text().split()[0]) > 99
    expect(page.locator(".overlay .mark")).to_have_count(1)

    page.get_by_role("link", name="Requests").click()
    call = page.locator("tr.call", has_text="SearchFacesByImage").first
    expect(call).to_contain_text("200")
    expect(call).to_contain_text("FaceMatches 1")
    call.get_by_role("button").click()
    asked = page.locator("tr.more pre")
    expect(asked).to_contain_text(f'"CollectionId": "{name}"')
    expect(asked).to_contain_text(f'"Bytes": "{another.stat().st_size:,} bytes"')

    page.get_by_role("link", name="Collections").click()
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Delete collection").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_what_is_pointed_at_is_brought_out_and_what_is_off_is_not_drawn(visit: Visit) -> None:
    page = visit.page
    visit.open("look")
    visit.choose(ASTRONAUT)
    visit.looked()
    page.locator(".finding", has_text="Female, ").first.hover()
    expect(page.locator(".overlay[data-chosen] .mark[data-on]")).to_have_count(1)
    marks = page.locator(".overlay .mark").count()
    page.get_by_role("button", name="Labels").click()
    expect(page.get_by_role("button", name="Labels")).to_have_attribute("aria-pressed", "false")
    assert 0 < page.locator(".overlay .mark").count() < marks
    page.get_by_label("Least confidence").fill("99")
    expect(page.get_by_role("button", name="Faces 1")).to_be_visible()
    page.get_by_label("Landmarks").uncheck()
    expect(page.locator(".overlay circle")).to_have_count(0)


def test_names_on_the_picture_hide_no_other(visit: Visit) -> None:
    visit.open("look")
    visit.choose(ASTRONAUT)
    visit.looked()
    boxes = [name.bounding_box() for name in visit.page.locator(".overlay .name rect").all()]
    assert len(boxes) > 3
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            assert apart or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]


def test_a_photo_may_be_pasted_and_one_of_another_format_is_made_a_jpeg(visit: Visit) -> None:
    page = visit.page
    visit.open("look")
    page.evaluate(
        """async () => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 200, height: 160 });
            canvas.getContext("2d").fillRect(0, 0, 100, 160);
            const blob = await new Promise((done) => canvas.toBlob(done, "image/webp"));
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([blob], "clip.webp", { type: "image/webp" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }"""
    )
    visit.looked()
    expect(page.get_by_text("clip.webp was made a JPEG")).to_be_visible()
    expect(page.get_by_role("button", name="Faces 0")).to_be_visible()


def test_what_is_no_picture_is_said_so(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no picture")
    visit.open("look")
    visit.choose(tmp_path / "notes.jpg")
    expect(visit.page.locator("#told")).to_contain_text("notes.jpg is no picture")


def test_an_error_is_shown_in_aws_s_words(visit: Visit, collection: str) -> None:
    visit.open(f"collections/{collection}/search")
    visit.choose(PHOTOS / "coffee.jpg")
    expect(visit.page.get_by_role("alert")).to_contain_text(
        "InvalidParameterException: There are no faces in the image"
    )
    assert visit.complaints == [
        "error: Failed to load resource: the server responded with a status of 400 (Bad Request)"
    ]
    visit.complaints.clear()


@pytest.mark.parametrize("language", ["Python", "AWS CLI"])
def test_the_code_that_is_shown_does_the_same_call(visit: Visit, language: str, tmp_path: Path) -> None:
    page = visit.page
    visit.open("look")
    photo = tmp_path / "it's a photo.jpg"  # names are quoted
    photo.write_bytes(ASTRONAUT.read_bytes())
    visit.choose(photo)
    visit.looked()
    page.get_by_role("tab", name="Code").click()
    panel = page.get_by_role("tabpanel", name="Code")
    panel.get_by_label("Language").select_option(language)
    expect(panel.get_by_label("Operation").locator("option")).to_have_count(5)
    for operation, answered in {"DetectFaces": "AgeRange", "DetectProtectiveEquipment": "PersonsIndeterminate"}.items():
        panel.get_by_label("Operation").select_option(operation)
        code = panel.locator("pre").inner_text()
        if language == "Python":
            command = [sys.executable, "-c", code]
        else:
            command = [sys.executable, "-m", "awscli", *shlex.split(code.replace("\\\n", " "))[1:]]
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_CONFIG_FILE": os.devnull}
        answer = subprocess.check_output(command, cwd=tmp_path, env=os.environ | keys, text=True, timeout=60)
        assert answered in answer


def test_an_answer_that_comes_after_the_view_was_left_is_shown_when_it_is_opened_again(visit: Visit) -> None:
    visit.open("look")
    visit.choose(ASTRONAUT)
    visit.open("script")
    visit.open("look")
    visit.looked()
    expect(visit.page.get_by_role("button", name="Faces 1")).to_be_visible()


def test_two_photos_at_once_are_told_apart(visit: Visit) -> None:
    """The answers of a photo that was replaced while it was looked at are not drawn on the next."""
    visit.open("look")
    visit.choose(ASTRONAUT)
    visit.choose(PHOTOS / "coffee.jpg")
    visit.looked()
    expect(visit.page.get_by_role("button", name="Faces 0")).to_be_visible()
    expect(visit.page.locator(".stage img")).to_have_attribute("alt", "coffee.jpg, 600 by 400 pixels")

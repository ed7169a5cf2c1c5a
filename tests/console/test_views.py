"""The other views: users, uploads and their thumbnails, videos on their timeline, the script, the health."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.conftest import Server
from tests.console.conftest import PHOTOS, SLOW, Visit, expect
from tests.films import card, film, photo

ASTRONAUT = PHOTOS / "astronaut.jpg"


def test_faces_are_given_to_a_user_who_is_then_found(visit: Visit, collection: str, another: Path) -> None:
    page = visit.page
    visit.open(f"collections/{collection}/faces")
    visit.choose(ASTRONAUT, another)
    expect(page.locator(".face")).to_have_count(2, timeout=SLOW)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Give to a user").click()
    page.get_by_role("dialog").get_by_label("User, known or new").fill("collins")
    page.get_by_role("dialog").get_by_role("button", name="Give").click()
    expect(page.get_by_text("user collins")).to_have_count(2)

    page.get_by_role("link", name="Users").click()
    expect(page.locator(".held")).to_have_count(2)
    expect(page.locator(".head")).to_contain_text("2 faces, 1 user")
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_label("What is searched").select_option("Users")
    visit.choose(another)
    expect(page.locator(".match")).to_contain_text("collins", timeout=SLOW)
    page.locator(".match a").click()
    page.get_by_role("button", name=re.compile("Take .* from collins")).first.click()
    expect(page.locator(".held")).to_have_count(1)
    page.get_by_role("button", name="Delete collins").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No users yet")).to_be_visible()


def test_faces_alike_are_found_and_deleted(visit: Visit, collection: str, another: Path) -> None:
    page = visit.page
    visit.open(f"collections/{collection}")
    visit.choose(ASTRONAUT, another)
    expect(page.locator(".face")).to_have_count(2, timeout=SLOW)
    page.get_by_role("link", name="Search faces like astronaut").click()
    expect(page.locator(".match")).to_contain_text("visitor")
    page.get_by_role("link", name="Faces", exact=True).click()
    page.get_by_role("checkbox", name="Choose visitor").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".face")).to_have_count(1)
    expect(page.locator(".head")).to_contain_text("1 face,")


def test_what_cannot_be_done_is_told(visit: Visit, server: Server, collection: str) -> None:
    page = visit.page
    visit.open(f"collections/{collection}")
    visit.choose(ASTRONAUT)
    expect(page.locator(".face")).to_have_count(1, timeout=SLOW)
    page.get_by_role("checkbox").check()
    server.client().delete_collection(CollectionId=collection)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#told")).to_contain_text("ResourceNotFoundException")
    assert all("400 (Bad Request)" in each for each in visit.complaints)
    visit.complaints.clear()
    server.client().create_collection(CollectionId=collection)


def test_a_face_is_shown_only_where_its_photo_is_kept(visit: Visit, server: Server, collection: str) -> None:
    client = server.client()
    client.index_faces(CollectionId=collection, Image={"Bytes": ASTRONAUT.read_bytes()}, ExternalImageId="not-kept")
    visit.open(f"collections/{collection}")
    expect(visit.page.locator(".thumb svg rect")).to_have_count(1)
    expect(visit.page.locator(".thumb canvas")).to_have_count(0)

    visit.open("uploads")
    visit.page.get_by_label("Folder to put into").fill(f"collections/{collection}")
    visit.choose(PHOTOS / "astronaut.jpg")
    row = visit.page.locator("tr", has_text=f"collections/{collection}/astronaut.jpg")
    expect(row).to_contain_text("1 face in", timeout=SLOW)
    row.get_by_role("link").click()
    expect(visit.page.locator(".thumb canvas")).to_have_count(1, timeout=SLOW)
    expect(visit.page.locator(".thumb svg rect")).to_have_count(1)

    server.client("s3").delete_object(Bucket="lookalike-uploads", Key=f"collections/{collection}/astronaut.jpg")
    visit.page.reload()
    expect(visit.page.locator(".thumb canvas")).to_have_count(0)


def test_uploads_tell_what_came_of_them(visit: Visit, tmp_path: Path) -> None:
    page, folder = visit.page, uuid4().hex[:8]
    evil = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    evil.write_bytes((PHOTOS / "chelsea.jpg").read_bytes())
    (tmp_path / "broken.jpg").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no rule")
    visit.open("uploads")
    page.get_by_label("Folder to put into").fill(folder)
    visit.choose(evil, tmp_path / "broken.jpg", tmp_path / "notes.txt")
    page.get_by_label("Keys that begin with").fill(folder)
    expect(page.locator("tr", has_text="onerror")).to_contain_text("Cat", timeout=SLOW)
    expect(page.locator("tr", has_text="broken.jpg")).to_contain_text("Request has invalid image format", timeout=SLOW)
    expect(page.locator("tr", has_text="notes.txt")).to_contain_text("no rule fits")
    expect(page.locator("main img")).to_have_count(0)
    expect(page.locator("table").last).to_contain_text("collections/{CollectionId}/{ExternalImageId}")
    page.get_by_role("button", name=f"Delete {folder}/notes.txt").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("tr", has_text="notes.txt")).to_have_count(0)


def test_a_list_that_renews_itself_leaves_the_focus_where_it_is(visit: Visit, server: Server) -> None:
    s3, folder = server.client("s3"), uuid4().hex[:8]
    s3.put_object(Bucket="lookalike-uploads", Key=f"{folder}/b.txt", Body=b"")
    visit.open("uploads")
    visit.page.get_by_label("Keys that begin with").fill(folder)
    button = visit.page.get_by_role("button", name=f"Delete {folder}/b.txt")
    button.focus()
    s3.put_object(Bucket="lookalike-uploads", Key=f"{folder}/a.txt", Body=b"")
    expect(visit.page.locator("tr", has_text="a.txt")).to_be_visible()
    expect(button).to_be_focused()


def test_a_video_is_looked_at_and_its_results_lie_on_its_timeline(visit: Visit, tmp_path: Path) -> None:
    page, name = visit.page, f"{uuid4().hex[:8]}.mp4"
    (tmp_path / name).write_bytes(film([photo("astronaut")] * 20 + [card("HELLO")] * 20, 10))
    visit.open("videos")
    visit.choose(tmp_path / name)
    expect(page.locator("tr", has_text=name)).to_have_count(3)  # by the rule of uploads
    page.get_by_label("Video", exact=True).select_option(name)
    page.get_by_label("Analysis").select_option("Segments")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("h1")).to_have_text(f"Segments of {name}")
    expect(page.locator(".track", has_text="Shot").locator(".span")).to_have_count(2, timeout=SLOW)

    visit.open("videos")
    page.locator("tr", has_text=name).filter(has_text="Text").get_by_role("link").click()
    expect(page.locator(".track", has_text="HELLO")).to_have_count(1, timeout=SLOW)
    page.locator(".span").first.click()
    video = page.locator("video")
    expect(page.locator(".overlay .mark")).to_have_count(1)
    assert 1.5 < video.evaluate("(video) => video.currentTime") < 2.6
    page.get_by_role("tab", name="Code").click()
    expect(page.get_by_role("tabpanel", name="Code")).to_contain_text("get_text_detection")


def test_a_job_that_failed_says_why(visit: Visit, server: Server) -> None:
    key = f"{uuid4().hex[:8]}.mp4"
    server.client("s3").put_object(Bucket="lookalike-results", Key=key, Body=b"no video")
    video = {"S3Object": {"Bucket": "lookalike-results", "Name": key}}
    job = server.client().start_face_detection(Video=video)["JobId"]
    visit.open(f"videos/{job}")
    expect(visit.page.get_by_role("alert")).to_be_visible(timeout=SLOW)
    expect(visit.page.locator(".head")).to_contain_text("failed")


def test_the_script_in_force_is_shown_and_reset(visit: Visit, server: Server) -> None:
    rules = [
        {"Operation": "DetectText", "Match": {"Key": "cats/*"}, "Error": {"Code": "ThrottlingException"}, "Times": 2}
    ]
    body = json.dumps({"Rules": rules}).encode()
    urlopen(Request(f"{server.url}/_lookalike/script", body, method="PUT")).close()
    visit.open("script")
    shown = visit.page.get_by_role("article")
    expect(shown).to_contain_text("DetectText")
    expect(shown).to_contain_text("ThrottlingException")
    expect(shown).to_contain_text("2 left")
    visit.page.get_by_role("button", name="Reset").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Forget it").click()
    expect(visit.page.get_by_text("every answer is real.", exact=False).first).to_be_visible()
    expect(shown).to_have_count(0)


def test_health_tells_the_models(visit: Visit) -> None:
    visit.open("health")
    core = visit.page.locator("details.pack").first
    expect(core.locator("h2")).to_have_text("core")
    expect(core.locator("tbody tr")).not_to_have_count(0)


def test_the_log_is_live_and_sifted(visit: Visit, server: Server) -> None:
    """Calls of other tests are in the log too, which keeps 500: this test's are known by the names they ask for."""
    page, client = visit.page, server.client()
    sought, shown = page.get_by_label("Filter calls"), page.locator("tr.call:visible")

    def ask() -> str:
        name = f"nobody-{uuid4().hex[:8]}"
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_collection(CollectionId=name)
        return name

    visit.open("requests")
    client.list_collections()
    sought.fill(ask())
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text(re.compile("ResourceNotFoundException.*Boto3"))
    sought.fill("nothing is called so")
    expect(page.get_by_text("No call fits")).to_be_visible()
    sought.fill("")
    page.get_by_label("Errors only").check()
    # ListCollections of other tests may have been refused and are shown: so by what each row knows.
    page.wait_for_function("[...document.querySelectorAll('tr.call')].every(row => row.hidden === !row.call.Error)")
    expect(page.locator("tr.call[hidden]", has_text="ListCollections").first).to_be_hidden()

    page.get_by_label("Errors only").uncheck()
    page.get_by_role("button", name="Pause").click()
    sought.fill(ask())
    page.wait_for_timeout(1500)  # longer than the page waits between two questions
    expect(shown).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(shown).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    expect(shown).to_have_count(0)

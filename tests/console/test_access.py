"""For everybody: the keyboard alone, a screen reader, light and dark, a narrow window; and for those with keys only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import ROOT, Server
from tests.console.conftest import PHOTOS, SLOW, Visit, expect, pixels, visiting

ASTRONAUT = PHOTOS / "astronaut.jpg"
VIEWS = ("look", "collections", "videos", "uploads", "requests", "script", "health")
GROUND = {"light": (0xFC, 0xFC, 0xFD), "dark": (0x11, 0x11, 0x13)}


def tab_to(page: Any, role: str, name: str, most: int = 60) -> None:
    """Press Tab until the element of that role and name has the focus. Every stop on the way must be seen."""
    wanted = page.get_by_role(role, name=name, exact=True).or_(page.get_by_label(name, exact=True)).first
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate(
            """() => {
                const seen = (element) => getComputedStyle(element).outlineStyle !== "none";
                const focused = document.activeElement;
                return focused === document.body || seen(focused);
            }"""
        ), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach the {role} {name}")


def test_the_journey_by_the_keyboard_alone(visit: Visit, another: Path) -> None:
    page, press = visit.page, visit.page.keyboard.press
    files = [ASTRONAUT, another]
    page.on("filechooser", lambda chooser: chooser.set_files(files.pop(0)))
    visit.open("look")
    page.evaluate("document.activeElement.blur()")
    press("2")
    expect(page.locator("h1")).to_have_text("Collections")
    name = f"keys-{os.getpid()}"
    tab_to(page, "textbox", "Name of a new collection")
    page.keyboard.type(name)
    press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    tab_to(page, "button", "Choose photos to index")
    press("Enter")
    expect(page.get_by_text("1 face indexed")).to_be_visible(timeout=SLOW)
    tab_to(page, "link", "Search")
    press("Enter")
    expect(page.get_by_text("Whoever is found")).to_be_visible()
    tab_to(page, "button", "Choose a photo to search with")
    press("Space")
    expect(page.locator(".match")).to_have_count(1, timeout=SLOW)
    tab_to(page, "tab", "Matches")
    press("ArrowRight")
    expect(page.get_by_role("tab", name="Response")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Response")).to_contain_text("FaceMatches")
    press("5")
    expect(page.locator("h1")).to_have_text("Requests")
    press("/")
    page.keyboard.type("searchfaces")
    expect(page.locator("tr.call:visible").first).to_contain_text("SearchFacesByImage")
    press("Escape")
    tab_to(page, "button", "SearchFacesByImage")
    press("Enter")
    expect(page.locator("tr.more").first).to_contain_text(name)
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Shortcuts")
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_first_stop_leads_past_the_views(visit: Visit) -> None:
    visit.open("health")
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_role("link", name="To the content")).to_be_focused()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_window_is_as_the_system_is_until_somebody_says_otherwise(
    browser: Any, server: Server, options: dict[str, Any], scheme: str
) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    for visit in visiting(browser, server.url, options | {"color_scheme": scheme}):
        visit.open("health")
        assert pixels(visit).getpixel((700, 4)) == GROUND[scheme]
        for _ in range(2):
            if other not in visit.page.locator("#theme").inner_text():
                visit.page.locator("#theme").click()
        assert pixels(visit).getpixel((700, 4)) == GROUND[other]
        visit.page.reload()
        expect(visit.page.locator("main h1")).to_be_visible()
        assert pixels(visit).getpixel((700, 4)) == GROUND[other]  # it was remembered


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(
    browser: Any, server: Server, options: dict[str, Any], collection: str, scheme: str
) -> None:
    """By axe-core, which finds labels, roles, orders and contrasts that fail WCAG 2.1 AA."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="install axe-playwright-python").Axe()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    client = server.client()
    client.index_faces(CollectionId=collection, Image={"Bytes": ASTRONAUT.read_bytes()}, ExternalImageId="astronaut")
    client.create_user(CollectionId=collection, UserId="collins")
    for visit in visiting(browser, server.url, options | {"color_scheme": scheme}):
        inner = [f"collections/{collection}/{part}" for part in ("faces", "users", "search")]
        for view in (*VIEWS, *inner):
            visit.open(view)
            if view == "look":
                visit.choose(ASTRONAUT)
                visit.looked()
                visit.page.locator(".finding summary").first.click()
            results = axe.run(visit.page, options=rules)
            assert results.violations_count == 0, f"{view}: {results.generate_report()}"


@pytest.mark.parametrize("width", [360, 900, 1280])
def test_no_window_is_scrolled_sideways(visit: Visit, collection: str, tmp_path: Path, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    for view in (*VIEWS, f"collections/{collection}", f"collections/{collection}/search"):
        visit.open(view)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, view
    visit.open("look")
    Image.new("RGB", (1200, 300)).save(tmp_path / "wide.png")
    visit.choose(tmp_path / "wide.png")
    stage, results = (visit.page.locator(place).bounding_box() for place in (".stage img", ".results"))
    assert stage["x"] + stage["width"] <= width
    assert stage["x"] + stage["width"] <= results["x"] or stage["y"] + stage["height"] <= results["y"]
    visit.looked()


@pytest.fixture(scope="module")
def guarded(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """A server that asks for signatures, in another region than the usual: its address, a key and its secret."""
    folder = tmp_path_factory.mktemp("guarded")
    program = [sys.executable, "-m", "chalicelib"]
    environ = os.environ | {"PYTHONUNBUFFERED": "1", "AWS_REGION": "eu-west-1", "LOOKALIKE_MODELS": str(models)}
    serve = [*program, "serve", "--port", "0", "--auth", "required", "--data-dir", str(folder)]
    create = [*program, "keys", "create", "--data-dir", str(folder)]
    with subprocess.Popen(serve, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        made = subprocess.check_output(create, cwd=ROOT, text=True, env=environ)
        named = dict(word.split("=", 1) for word in made.split() if "=" in word)
        yield url, named["AWS_ACCESS_KEY_ID"], named["AWS_SECRET_ACCESS_KEY"]
        process.terminate()
        process.wait(20)


def test_where_signatures_are_required_the_page_asks_for_keys_and_signs(
    browser: Any, guarded: tuple[str, str, str], options: dict[str, Any]
) -> None:
    url, key, secret = guarded
    for visit in visiting(browser, url, options, expected=("status of 400", "status of 403")):
        page = visit.page
        page.goto(f"{url}/_lookalike/#/requests")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("MissingAuthenticationToken")
        dialog.get_by_label("Access key ID").fill(key)
        dialog.get_by_label("Secret access key").fill("wrong")
        dialog.get_by_role("button", name="Use them").click()
        expect(dialog).to_contain_text("signature")
        dialog.get_by_label("Secret access key").fill(secret)
        dialog.get_by_role("button", name="Use them").click()
        expect(page.locator("h1")).to_have_text("Requests")

        visit.open("uploads")  # S3, whose paths are signed in another way
        page.get_by_label("Folder to put into").fill("collections/it's (a) crew")
        visit.choose(ASTRONAUT)
        expect(page.locator("tr", has_text="it's (a) crew")).to_contain_text("astronaut.jpg")
        visit.open("look")
        visit.choose(ASTRONAUT)
        visit.looked()
        expect(page.get_by_role("button", name="Faces 1")).to_be_visible()

        stored = page.evaluate("[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]")
        assert secret in stored[0]
        assert all(secret not in place for place in stored[1:])
        assert not any(secret in address for address in visit.asked)
        page.get_by_role("button", name="Keys").click()
        page.get_by_role("button", name="Forget").click()
        page.wait_for_function("sessionStorage.length === 0")  # the dialog closes first

"""A real browser on the console of a real server. Whatever a test does, the page must stay on its port and complain of
nothing."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.conftest import ROOT, Server

playwright = pytest.importorskip("playwright.sync_api", reason="no browser's driver: install playwright")
expect = playwright.expect
expect.set_options(timeout=20_000)

PHOTOS = ROOT / "tests" / "photos"
SLOW = 60_000
"""Milliseconds that an answer of several models may take on a busy machine."""


@dataclass
class Visit:
    """A page of the console, and what was seen of it from outside."""

    page: Any
    url: str
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of its console, and what it threw."""
    asked: list[str] = field(default_factory=list)
    """The addresses of all its requests."""

    def open(self, view: str) -> None:
        """Go to a view, such as `collections/staff`, and wait until it has its heading."""
        self.page.goto(f"{self.url}/_lookalike/#/{view}")
        expect(self.page.locator("main h1")).to_be_visible()

    def choose(self, *files: Path) -> None:
        """Give files to the view's place for them."""
        self.page.locator(".drop input[type=file]").set_input_files(files)

    def looked(self) -> None:
        """Wait until every analysis of a photo has ended."""
        expect(self.page.locator(".chip")).to_have_count(5)
        expect(self.page.locator('.chip[aria-busy="true"]')).to_have_count(0, timeout=SLOW)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no browser: install chromium to look at the console")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def options() -> dict[str, Any]:
    """Of the window: a test module may say otherwise."""
    return {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"}


@pytest.fixture
def visit(browser: Any, server: Server, options: dict[str, Any]) -> Iterator[Visit]:
    yield from visiting(browser, server.url, options)


def visiting(browser: Any, url: str, options: dict[str, Any], expected: tuple[str, ...] = ()) -> Iterator[Visit]:
    """A window of its own. Fails where the page complained of what is not `expected`, or asked another origin."""
    context = browser.new_context(**options)
    visit = Visit(context.new_page(), url)
    visit.page.on("console", lambda message: visit.complaints.append(f"{message.type}: {message.text}"))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    context.on("request", lambda request: visit.asked.append(request.url))
    yield visit
    context.close()
    assert [each for each in visit.complaints if not any(text in each for text in expected)] == []
    foreign = [each for each in visit.asked if not each.startswith((f"{url}/", f"blob:{url}/", "data:"))]
    assert foreign == []


@pytest.fixture
def collection(server: Server) -> Iterator[str]:
    """A collection of this test's own."""
    name, client = f"crew-{uuid4().hex[:8]}", server.client()
    client.create_collection(CollectionId=name)
    yield name
    client.delete_collection(CollectionId=name)


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """Another photo of the astronaut: cut closer, mirrored, smaller, as PNG."""
    with Image.open(PHOTOS / "astronaut.jpg") as image:
        cut = image.convert("RGB").crop((90, 0, 400, 300)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        cut.resize((248, 240)).save(tmp_path / "visitor.png")
    return tmp_path / "visitor.png"


def drop(page: Any, photo: Path, kind: str = "image/jpeg") -> None:
    """Drop a file as a hand does: onto the place, with what a browser hands over."""
    handed = page.evaluate_handle(
        """([text, name, type]) => {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const handed = new DataTransfer();
            handed.items.add(new File([bytes], name, { type }));
            return handed;
        }""",
        [base64.b64encode(photo.read_bytes()).decode(), photo.name, kind],
    )
    for event in ("dragover", "drop"):
        page.dispatch_event(".drop", event, {"dataTransfer": handed})


def pixels(visit: Visit) -> Image.Image:
    """What the window shows."""
    return Image.open(BytesIO(visit.page.screenshot())).convert("RGB")

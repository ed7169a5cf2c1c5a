"""The page of a study of bias: what it holds, what it fetches (nothing), and how a browser shows it."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chalicelib.evaluation import bias, bias_cases, plots
from chalicelib.evaluation.bias_page import interval, page, percent
from chalicelib.evaluation.measures import rate
from tests.evaluation.people import look, silent, written


@pytest.fixture
def html(tmp_path: Path) -> str:
    """The page on three groups: one whose people are two and two alike, one of no likeness, one that is too small."""
    random = np.random.default_rng(1)
    rows: list[dict[str, Any]] = []
    for group, people, twins in (("hill", 120, 30), ("<i>valley</i> & co", 120, 2), ("island", 5, 0)):
        for at in range(people):
            file = f"{len(rows)}.jpg"
            x = len(rows) - (0.8 if at % 2 and at < 2 * twins else 0.0)
            age = int(random.integers(20, 60))
            (tmp_path / file).write_text(f"{x} {random.choice(['male', 'female'])} {age}")
            guess = age + int(random.normal(0, 6))
            rows.append({"file": file, "group": group, "person": f"{group}{at // 3}", "gender": "male", "age": guess})
    cases = bias_cases.load(None, written(tmp_path / "groups.csv", rows))
    return page(bias.run(cases, look, silent))


class Document(HTMLParser):
    """Reads a page, minding that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_fetches_nothing(html: str) -> None:
    tags = [tag for tag, _ in Document(html).elements]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert not any({"src", "href", "srcset"} & attributes.keys() for _, attributes in Document(html).elements)
    assert "url(" not in html
    assert "@import" not in html
    assert tags.count("svg") == 8


def test_names_are_shown_as_they_are(html: str) -> None:
    assert "<i>valley</i> & co" in Document(html).text
    assert "i" not in [tag for tag, _ in Document(html).elements]


def test_a_group_that_is_too_small_is_called_so(html: str) -> None:
    document = Document(html)
    assert "too small" in document.text
    hollow = [attributes for tag, attributes in document.elements if attributes.get("class") == "mark hollow"]
    assert hollow


def test_every_plot_says_in_words_what_it_shows(html: str) -> None:
    shown = [attributes for tag, attributes in Document(html).elements if tag == "svg"]
    assert all(plot["role"] == "img" and "valley" in str(plot["aria-label"]) for plot in shown)


def test_shares_have_the_digits_that_count() -> None:
    assert [percent(share) for share in (0, 0.00052, 0.0123, 0.5, 0.9975, 1)] == [
        "0 %",
        "0.052 %",
        "1.2 %",
        "50 %",
        "99.8 %",
        "100.0 %",
    ]
    assert interval(rate(1, 10)) == "1.8 to 40 %"


@pytest.mark.parametrize("logarithmic", [False, True])
def test_marks_lie_in_the_order_of_their_values_within_the_plot(logarithmic: bool) -> None:
    rows = [plots.Bar("a", 0, 0, 0.02), plots.Bar("b", 0.05, 0.01, 0.4), plots.Bar("c", 3, 1, 9)]
    svg = Document(plots.bars(rows, logarithmic=logarithmic, aim=0.001))
    places = [float(str(attributes["cx"])) for tag, attributes in svg.elements if tag == "circle"]
    assert places == sorted(places)
    assert len(set(places)) == 3
    ends = [float(str(at[end])) for tag, at in svg.elements if tag == "line" for end in ("x1", "x2")]
    assert 0 <= min(ends) <= max(ends) <= 720


def test_a_single_value_makes_a_plot_too() -> None:
    assert "<circle" in plots.bars([plots.Bar("a", 5, 5, 5)])
    assert "<polyline" in plots.lines([plots.Line("a", [50, 100], [0, 0])])
    assert plots.bars([]) == plots.lines([]) == ""


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no browser: install chromium to look at the page")
    return found


def shown(chromium: str, html: str, folder: Path, *options: str) -> np.ndarray[Any, Any]:
    """[height, width, 3]: what a browser window of 1,000 pixels' width shows."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    shot = folder / "shot.png"
    profile = f"--user-data-dir={folder / 'profile'}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,3200", profile]
    command = [chromium, *flags, *options, f"--screenshot={shot}", (folder / "page.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return np.asarray(Image.open(shot).convert("RGB")).astype(int)


def test_a_browser_shows_it_light_and_dark(chromium: str, html: str, tmp_path: Path) -> None:
    light = shown(chromium, html, tmp_path, "--blink-settings=preferredColorScheme=1")
    dark = shown(chromium, html, tmp_path, "--blink-settings=preferredColorScheme=0")
    assert light[0, 0].tolist() == [0xFC, 0xFC, 0xFD]
    assert dark[0, 0].tolist() == [0x11, 0x11, 0x13]
    for picture, mark in ((light, (0x0B, 0x68, 0xCB)), (dark, (0x70, 0xB8, 0xFF))):
        marked = (abs(picture - mark).max(axis=2) < 8).any(axis=1)
        assert marked.sum() > 100  # rows that have some of a mark or an interval
        margins = np.concatenate([picture[:, :5], picture[:, -5:]], axis=1)
        assert np.ptp(margins.reshape(-1, 3), axis=0).max() == 0  # nothing runs out of the window

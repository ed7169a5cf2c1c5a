"""Figures as a table: nested names in a line each, a rate with its interval."""

from __future__ import annotations

import pytest

from chalicelib.evaluation.measures import rate
from chalicelib.local.commands.progress import table


def test_a_figure_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    table("faces", {"lfw": {"accuracy": rate(2974, 3000), "threshold": 48.76104}, "photos": 5190})
    title, _, *lines = capsys.readouterr().out.splitlines()
    assert title.strip() == "faces"
    assert [" ".join(line.split()) for line in lines] == [
        "lfw · accuracy 0.9913 (0.9873 to 0.9941; 2974 of 3000)",
        "lfw · threshold 48.76",
        "photos 5190",
    ]

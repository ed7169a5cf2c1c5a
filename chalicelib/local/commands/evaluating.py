"""`lookalike evaluate`: accuracy on photos with ground truth, through the operations that a client calls."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...config import Settings
from .progress import Report, bars, table

if TYPE_CHECKING:
    from ...evaluation.bias_report import Report as BiasReport

app = typer.Typer(help="Measure accuracy on photos with ground truth.", no_args_is_help=True)

SUBJECTS = {
    "attributes": "Gender, age, smile, glasses, beard, expression ... on people that nothing here was trained on.",
    "equipment": "Masks and hard hats.",
    "faces": "Whether faces are found, placed and told apart.",
    "labels": "Whether DetectLabels names what a photo shows, and its confidences mean what they say.",
    "moderation": "What DetectModerationLabels sees and does not.",
    "text": "Words, street scenes and receipts.",
    "users": "Whether users are identified better than faces.",
}
"""Each a module of `evaluation` with a `run`."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def evaluate(subject: str, data: Path, settings: Settings, progress: Report) -> dict[str, Any]:
    """What `evaluation.<subject>.run` measures on `data`, against a world of its own without a port."""
    from ... import evaluation
    from ...wire import gateway
    from ..world import World

    with World(settings) as world:

        def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return gateway.call(operation, parameters, world.backend)

        measured: dict[str, Any] = importlib.import_module(f"{evaluation.__name__}.{subject}").run(data, call, progress)
        return measured


def _command(subject: str) -> Callable[..., None]:
    def command(
        data: Annotated[Path, typer.Option(help="The folder of photos with ground truth.", exists=True)],
        as_json: Json = False,
    ) -> None:
        with bars() as progress:
            measured = evaluate(subject, data, Settings.from_environ(), progress)
        if as_json:
            print(json.dumps(measured, indent=2, default=str))
        else:
            table(subject, measured)

    return command


for _subject, _what in SUBJECTS.items():
    app.command(_subject, help=_what)(_command(_subject))


@app.command()
def bias(
    *,
    pairs: Annotated[Path | None, typer.Option(help="CSV of a, b (photos) and same (1 or 0).", dir_okay=False)] = None,
    groups: Annotated[
        Path | None,
        typer.Option(help="CSV of file (a photo) and group; where known person, gender and age.", dir_okay=False),
    ] = None,
    by: Annotated[str, typer.Option(help="The column that holds the group.")] = "group",
    threshold: Annotated[float, typer.Option(help="Similarity that makes a match.", min=0, max=100)] = 80,
    false_match_rate: Annotated[float, typer.Option(help="The rate to aim at.", min=1e-6, max=0.5)] = 1e-3,
    page: Annotated[Path, typer.Option(help="Where to write the page with plots.", dir_okay=False)] = Path("bias.html"),
    as_json: Json = False,
) -> None:
    """Whether your own photos of some groups of people are mistaken, missed or misjudged more than of others.

    Photos are named relative to their CSV's folder. gender is female or male, age is in years, person is any name.
    Without --pairs the photos of a group are compared with each other: those of one person count as the same, and
    where no column says who somebody is, every photo as of somebody else.
    """
    import msgspec

    from ...backend import Vision
    from ...evaluation import bias as study
    from ...evaluation import bias_cases, bias_page
    from ...vision.sessions import Sessions

    cases, settings = bias_cases.load(pairs, groups, by), Settings.from_environ()
    look = bias_cases.looker(Vision(Sessions(settings.models, settings.threads)), cases.judged)
    with bars() as progress:
        report = study.run(cases, look, progress, threshold=threshold, target=false_match_rate)
    page.write_text(bias_page.page(report), encoding="utf-8")
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _print_bias(report, page)


def _print_bias(report: BiasReport, page: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from ...evaluation.bias_page import cells, columns

    lines = Table("Group", "Photos", *(title for _, title in columns(report)), box=None)
    for group in report.groups:
        lines.add_row(
            group.name, str(group.photos or ""), *("\n".join(cells(group, name)) for name, _ in columns(report))
        )
    console = Console()
    console.print(lines)
    for finding in report.findings:
        console.print(f"· {finding}")
    console.print(f"{page} has the plots.")

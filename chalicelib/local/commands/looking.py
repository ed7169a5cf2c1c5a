"""`lookalike detect` and `lookalike compare`: what is on photos, without code and without a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import SetupError
from .asking import Ask, MaybeEndpoint, RefusedError, asking
from .drawing import draw
from .photos import bytes_of, photos_of
from .progress import Report, bars
from .subjects import PLACE, SUBJECTS, Subject, place

app = typer.Typer(
    help="See what is on photos. Works without a server; nothing leaves this machine.",
    epilog="For example: lookalike detect faces party.jpg --draw party-faces.png",
    no_args_is_help=True,
)

Files = Annotated[
    list[Path], typer.Argument(help="Photos, and folders of photos. JPEG and PNG, others are converted.", exists=True)
]
Json = Annotated[bool, typer.Option("--json", help="Print a line of JSON a photo: File, and what the API answers.")]
Draw = Annotated[
    Path | None,
    typer.Option(
        help="Write the photo with what was seen drawn on it: a file (.png, .jpg), or for several photos a folder.",
        metavar="OUT",
    ),
]
MinConfidence = Annotated[
    float | None, typer.Option(help="Tell only what is at least so sure; the API's default without it.", min=0, max=100)
]
_EXAMPLES = (
    "A box is left, top, width and height, in percent of the photo's sides.\n\n"
    "Examples:\n\n"
    "  lookalike detect {name} photo.jpg\n\n"
    "  lookalike detect {name} photo.jpg --draw seen.png\n\n"
    "  lookalike detect {name} holidays/ --json > {name}.jsonl"
)


def _command(name: str, subject: Subject) -> Callable[..., None]:
    """The command of a subject; it has --min-confidence where the operation has."""

    def plain(files: Files, as_json: Json = False, draw: Draw = None, endpoint_url: MaybeEndpoint = None) -> None:
        _look(subject, subject.members, files, as_json=as_json, out=draw, endpoint_url=endpoint_url)

    def filtered(
        files: Files,
        min_confidence: MinConfidence = None,
        as_json: Json = False,
        draw: Draw = None,
        endpoint_url: MaybeEndpoint = None,
    ) -> None:
        assert subject.confident is not None
        members = {} if min_confidence is None else subject.confident(min_confidence)
        members = {**subject.members, **members}
        _look(subject, members, files, as_json=as_json, out=draw, endpoint_url=endpoint_url)

    return filtered if subject.confident else plain


for _name, _subject in SUBJECTS.items():
    app.command(_name, help=f"{_subject.help}\n\n{_EXAMPLES.format(name=_name)}")(_command(_name, _subject))


def _look(
    subject: Subject,
    members: Mapping[str, Any],
    files: Sequence[Path],
    *,
    as_json: bool,
    out: Path | None,
    endpoint_url: str | None,
) -> None:
    """Show each photo's answer as it comes. Raises SetupError at the end, naming the photos that had none."""
    photos = photos_of(files)
    drawings = dict(zip(photos, _drawings(photos, out), strict=True)) if out else {}
    ask = asking(endpoint_url)
    refusals = []
    with _progress() as progress:
        for done, photo in enumerate(photos, 1):
            try:
                data = bytes_of(photo)
                answer = ask(subject.operation, {"Image": {"Bytes": data}, **members})
            except (OSError, RefusedError) as error:
                refusals.append(f"{photo} ({error})")
            else:
                if as_json:
                    print(json.dumps({"File": str(photo), **answer}), flush=True)
                else:
                    show(subject.columns, subject.rows(answer), str(photo))
                if out:
                    draw(data, subject.marks(answer), drawings[photo])
            progress(subject.operation, done, len(photos))
    if refusals:
        raise SetupError(f"nothing was seen on {', '.join(refusals)}")


def _progress() -> AbstractContextManager[Report]:
    """A bar for who sees nothing else, because the answers go into a file."""
    watched = sys.stderr.isatty() and not sys.stdout.isatty()
    return bars() if watched else nullcontext(lambda *_: None)


def _drawings(photos: Sequence[Path], out: Path) -> Iterator[Path]:
    """Where each photo's drawing goes. Raises SetupError where that would write over a photo."""
    if len(photos) == 1 and not out.is_dir():
        targets = [out]
    elif out.suffix and not out.is_dir():
        raise SetupError(f"{len(photos)} photos cannot be drawn into the one file {out}: name a folder")
    else:
        targets = [out / f"{name}.png" for name in _apart(photo.stem for photo in photos)]
    taken = {photo.resolve() for photo in photos}
    for target in targets:
        if target.resolve() in taken:
            raise SetupError(f"{target} is a photo itself: draw into another file or folder")
        yield target


def _apart(names: Iterable[str]) -> Iterator[str]:
    """The names, with numbers where one comes again."""
    given: set[str] = set()
    for name in names:
        number, apart = 1, name
        while apart in given:
            number += 1
            apart = f"{name}-{number}"
        given.add(apart)
        yield apart


def compare(
    source: Annotated[Path, typer.Argument(help="A photo; its largest face is compared.", exists=True, dir_okay=False)],
    target: Annotated[
        Path, typer.Argument(help="Another photo; all its faces are compared.", exists=True, dir_okay=False)
    ],
    threshold: Annotated[
        float, typer.Option(help="The similarity from which faces are called the same person.", min=0, max=100)
    ] = 80.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the API answers, as JSON.")] = False,
    endpoint_url: MaybeEndpoint = None,
) -> None:
    """Tell how similar the faces of two photos are, from 0 to 100.

    Take 99 as the threshold where a mistake would hurt, and a person to decide.

    Example:

      lookalike compare passport.jpg visitor.jpg
    """
    answer = compared(asking(endpoint_url), source, target, threshold if as_json else 0.0)
    if as_json:
        print(json.dumps(answer))
        return
    rows = [
        (
            f"{match['Similarity']:.1f}",
            "the same" if match["Similarity"] >= threshold else "somebody else",
            place(match["Face"]["BoundingBox"]),
        )
        for match in answer["FaceMatches"]
    ]
    show(("Similarity", "Person", PLACE), rows)


def compared(ask: Ask, source: Path, target: Path, threshold: float) -> Mapping[str, Any]:
    """CompareFaces of two files. Raises SetupError, in other words than AWS's where one of them shows no face."""
    try:
        images = {"SourceImage": {"Bytes": bytes_of(source)}, "TargetImage": {"Bytes": bytes_of(target)}}
        return ask("CompareFaces", {**images, "SimilarityThreshold": threshold})
    except OSError as error:
        raise SetupError(str(error)) from error
    except RefusedError as error:
        if error.code == "InvalidParameterException":  # AWS gives no reason; all else was checked before
            raise SetupError(f"no face to compare on {source} or on {target}") from error
        raise SetupError(str(error)) from error


def show(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print a table under a title; of nothing, that it is nothing. No cell is cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=False)
    if title:
        console.print(Text(title, style="bold"))
    if not rows:
        console.print("nothing")
        return
    table = Table(box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)

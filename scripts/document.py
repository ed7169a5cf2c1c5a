"""Write what documentation says of operations: README's table, and docs/differences.md from docs/differences.toml.

With `--check`, fail where one is old instead.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chalicelib.operations import OPERATIONS
from chalicelib.wire import service

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DIFFERENCES = ROOT / "docs" / "differences.md"
KNOWN = ROOT / "docs" / "differences.toml"
FAMILIES = {
    "images": "Images",
    "labels": "Images",
    "text": "Images",
    "moderation": "Images",
    "equipment": "Images",
    "celebrities": "Images",
    "collections": "Collections",
    "faces": "Faces of a collection",
    "users": "Users of a collection",
    "tags": "Tags",
    "videos": "Stored video",
    "bulk": "Many images at once",
}
BLOCK = re.compile(r"(<!-- operations: .*?-->\n).*?(<!-- end of operations -->)", re.DOTALL)
NONE_KNOWN = "none known"


def table() -> str:
    """The operations served, by family, and the names of those that are not."""
    families: dict[str, list[str]] = {}
    for name, function in sorted(OPERATIONS.items()):
        families.setdefault(FAMILIES[function.__module__.rsplit(".", 1)[1]], []).append(name)
    lines = [f"| {family} | {', '.join(names)} |" for family, names in families.items()]
    if unserved := absent():
        lines.append(f"| Not yet served ({len(unserved)}) | {', '.join(unserved)} |")
    served = f"{len(OPERATIONS)} of Rekognition's {len(service.operations())}."
    return "\n".join([served, "", "| | |", "|---|---|", *lines]) + "\n"


def absent() -> list[str]:
    """The operations that AWS has and we have not."""
    return sorted(set(service.operations()) - set(OPERATIONS))


def differences(known: Mapping[str, Any]) -> str:
    """The page of differences, from the content of docs/differences.toml.

    Raises ValueError where that names an operation that is not served, or says nothing of one it names.
    """
    lines = [
        "# How it differs from AWS, operation by operation",
        "",
        "<!-- written by scripts/document.py from differences.toml: change that -->",
        "",
        "Members, types, constraints, defaults, errors and pagination are AWS's: requests and answers are read and"
        " written by botocore's service model. The rest is listed here. *Unconfirmed* is what AWS does not document,"
        " and what was chosen; tests say so too.",
        "",
        "## Everywhere",
        "",
        *(f"- {each}" for each in known["everywhere"]),
        "",
        "## Each operation",
        "",
        "| Operation | Differences |",
        "|---|---|",
        *_rows(known["difference"]),
    ]
    if unserved := absent():
        lines += ["", f"Not yet served: {', '.join(unserved)}."]
    return "\n".join(lines) + "\n"


def _rows(listed: list[Mapping[str, Any]]) -> Iterator[str]:
    said: dict[str, list[str]] = {name: [] for name in sorted(OPERATIONS)}
    for each in listed:
        if unknown := set(each["operations"]) - set(said):
            raise ValueError(f"{KNOWN.name} names what is not served: {', '.join(sorted(unknown))}")
        if not {"text", "unconfirmed"} & set(each):
            raise ValueError(f"{KNOWN.name} says nothing of {each['operations']}")
        for name in each["operations"]:
            said[name] += [each["text"]] if "text" in each else []
            said[name] += [f"*Unconfirmed:* {each['unconfirmed']}"] if "unconfirmed" in each else []
    for name, sentences in said.items():
        yield f"| {name} | {' '.join(sentences) or NONE_KNOWN} |"


def pages() -> dict[Path, str]:
    """What each page that is written here must be."""
    readme = BLOCK.sub(lambda found: found[1] + table() + found[2], README.read_text())
    return {README: readme, DIFFERENCES: differences(tomllib.loads(KNOWN.read_text()))}


def main() -> None:
    """Write the pages; with `--check`, exit with 1 where that would change one."""
    for path, text in pages().items():
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.name} is old: run python scripts/document.py")


if __name__ == "__main__":
    main()

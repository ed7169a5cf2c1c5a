"""Write README's table of operations from the code; with `--check`, fail where it is old instead."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from chalicelib.operations import OPERATIONS
from chalicelib.wire import service

README = Path(__file__).resolve().parent.parent / "README.md"
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


def table() -> str:
    """The operations served, by family, and the names of those that are not."""
    families: dict[str, list[str]] = {}
    for name, function in sorted(OPERATIONS.items()):
        families.setdefault(FAMILIES[function.__module__.rsplit(".", 1)[1]], []).append(name)
    lines = [f"| {family} | {', '.join(names)} |" for family, names in families.items()]
    absent = sorted(set(service.operations()) - set(OPERATIONS))
    if absent:
        lines.append(f"| Not yet served ({len(absent)}) | {', '.join(absent)} |")
    served = f"{len(OPERATIONS)} of Rekognition's {len(service.operations())}."
    return "\n".join([served, "", "| | |", "|---|---|", *lines]) + "\n"


def main() -> None:
    old = README.read_text()
    new = BLOCK.sub(lambda found: found[1] + table() + found[2], old)
    if "--check" in sys.argv and new != old:
        sys.exit("README's table of operations is old: run python scripts/document.py")
    README.write_text(new)


if __name__ == "__main__":
    main()

"""`make bench`: every comparison, a line each. `benchmarks.text` and `benchmarks.videos` run by themselves."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from . import access, endpoint, functions, labels, search, trust

SUBJECTS = {
    "access": access.run,
    "endpoint": endpoint.run,
    "functions": functions.run,
    "labels": labels.run,
    "search": search.run,
    "trust": trust.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], help="what to measure; all unless named")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each comparison")
    asked = parser.parse_args()
    table = Table("What", "ms", "Ratio", "of", "ms", "Aim", box=None)
    for subject in asked.subjects or SUBJECTS:
        for line in SUBJECTS[subject]():
            if asked.json:
                print(json.dumps({**asdict(line), "ratio": line.ratio}), flush=True)
            table.add_row(
                line.what, f"{line.ours:.2f}", f"{line.ratio:.2f}", line.yardstick, f"{line.theirs:.2f}", line.aim
            )
    if not asked.json:
        Console().print(table)


main()

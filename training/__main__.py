"""`make train`: trains every head, writes models/heads/, and prints what was measured on people not trained on."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from chalicelib.config import Settings
from chalicelib.local.commands.progress import bars
from chalicelib.vision.sessions import Sessions

from . import attributes, equipment

DATA = Path(os.environ.get("LOOKALIKE_TRAINING_DATA", "../shared/data"))


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"Lookalike: no photos at {DATA.resolve()}: set LOOKALIKE_TRAINING_DATA to the folder that holds them")
    sessions = Sessions(Settings.from_environ().models)
    with bars() as progress:
        cards = {**attributes.run(DATA, sessions, progress), **equipment.run(DATA, sessions, progress)}
    print(json.dumps({name: card["measured"] for name, card in cards.items()}, indent=2))


main()

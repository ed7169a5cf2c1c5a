"""The server's process: `python -m lookalike.testing.child`, started by `server.serving`.

It says where it listens, or what a person must put right, in one line of JSON; then it serves until its standard input
ends: so it is gone with the tests, even if they are killed.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from ..config import Settings
from ..errors import SetupError
from ..local.process import Listening, leave_the_users_aws, require_models, start
from ..modelkit.packs import list_packs


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs")
    parser.add_argument("--data-dir", type=Path)
    asked = parser.parse_args(arguments)
    leave_the_users_aws()
    with ExitStack() as cleanup:
        try:
            settings = Settings.from_environ()
            if asked.packs is not None:
                settings = _only(settings, asked.packs.split(","), cleanup)
            require_models(settings)
            here = Listening("127.0.0.1", 0, signed=False, tls=None)
            _, url = start(settings, here, asked.data_dir, cleanup)
        except SetupError as error:
            print(json.dumps({"error": str(error)}), flush=True)
            return 1
        gc.freeze()  # what is there now stays: collecting it again and again took 80 ms of some resets
        print(json.dumps({"url": url}), flush=True)
        sys.stdin.read()
    return 0


def _only(settings: Settings, packs: Sequence[str], cleanup: ExitStack) -> Settings:
    """The settings with a folder of models that holds these packs and the core pack, and no others."""
    states = {listing.name: listing.built for listing in list_packs(settings.models)}
    folder = Path(cleanup.enter_context(TemporaryDirectory(prefix="lookalike-")))
    for name in sorted({"core", *map(str.strip, packs)}):
        if name not in states:
            raise SetupError(f"there is no model pack {name!r}: there are {', '.join(states)}")
        if not states[name]:
            raise SetupError(f"the model pack {name} is not built: run `lookalike models pull {name}`")
        (folder / name).symlink_to(settings.models / name, target_is_directory=True)
    return msgspec.structs.replace(settings, models=folder)


if __name__ == "__main__":
    sys.exit(main())

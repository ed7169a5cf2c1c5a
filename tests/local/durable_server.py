"""moto's services with a data directory, to be killed: `python durable_server.py FOLDER sync|nosync PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

from chalicelib.errors import SetupError
from chalicelib.local.moto.aws import Aws
from chalicelib.local.port.http import Port
from chalicelib.local.state.keeper import Keeper
from chalicelib.local.state.state import State


def main() -> None:
    aws = Aws()
    try:
        aws.keeper = Keeper(State(Path(sys.argv[1]), sync=sys.argv[2] == "sync"))
    except SetupError as error:
        sys.exit(str(error))
    port = Port("127.0.0.1", int(sys.argv[3]), aws.answer)
    print(port.url, flush=True)
    port.serve_forever()


if __name__ == "__main__":
    main()

"""A server with a data directory, which ends by SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT, Server


@contextmanager
def serving(folder: Path, **environ: str) -> Iterator[Server]:
    """Serve `folder` on a free port while entered."""
    command = [sys.executable, "-m", "chalicelib", "serve", "--port", "0", "--data-dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | environ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]  # what tells commands of it is there with the last
        assert lines[0], "the server did not start: it says why above"
        try:
            yield Server(lines[0].split()[-1], process)
        finally:
            process.send_signal(signal.SIGKILL)

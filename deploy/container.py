"""A function run from its unpacked package as on Lambda: nothing else to import, nothing but /tmp to write to.

The process has a mount namespace of its own, in which /var/task is the function, /opt holds its layers, and all but an
empty /tmp is read-only. It starts with an empty environment and the interpreter's standard library alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

from .building import FUNCTIONS, Package
from .targets import BuildError, interpreter

TASK_ROOT, LAYERS_ROOT = "/var/task", "/opt"
_ISOLATED = f"""set -e
mount -t tmpfs none /var
mkdir {TASK_ROOT}
mount --bind "$1" {TASK_ROOT}
mount -o remount,ro,bind {TASK_ROOT}
shift
mount -t tmpfs none {LAYERS_ROOT}
while [ "$1" != -- ]; do
    mkdir {LAYERS_ROOT}/$(basename "$1")
    mount --bind "$1" {LAYERS_ROOT}/$(basename "$1")
    mount -o remount,ro,bind {LAYERS_ROOT}/$(basename "$1")
    shift
done
shift
mount -o remount,ro {LAYERS_ROOT}
mount -o remount,ro /var
mount -t tmpfs none /tmp
mount -o remount,ro,bind /
cd {TASK_ROOT}
exec "$@"
"""


def can_isolate() -> bool:
    """Whether this machine lets a process have mounts of its own."""
    if shutil.which("unshare") is None:
        return False
    tried = [
        "unshare",
        "--mount",
        "--map-root-user",
        "sh",
        "-ec",
        "mount -t tmpfs none /tmp; mount -o remount,ro,bind /",
    ]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one event."""

    result: Any
    """None where the handler raised."""
    error: dict[str, str] | None
    """Lambda's errorType and errorMessage, where it raised."""
    seconds: float
    processor: float
    """Seconds of it that one or more cores worked."""
    memory: int
    """The most bytes that the process has taken."""
    requests: int
    """HTTP requests that were sent to AWS."""


class Container:
    """One function of a package, for as long as it is entered. `environ` is added to what Lambda sets.

    Its log, a line a call, is shown where something fails.
    """

    def __init__(
        self, package: Package, function: str, environ: Mapping[str, str], *, memory: int = 3008, timeout: float = 60
    ) -> None:
        found = interpreter(package.target.python)
        if found is None or not package.target.native:
            raise BuildError(f"nothing here runs {package.target}")
        handler, layers = FUNCTIONS[function]
        parts = [str(part) for layer in layers for part in sorted(package.layer(layer).iterdir()) if part.is_dir()]
        runtime = Path(__file__).with_name("runtime.py").read_text()
        python = [str(found.resolve()), "-I", "-S", "-c", runtime, handler]
        isolated = ["unshare", "--mount", "--map-root-user", "sh", "-c", _ISOLATED, "sh"]
        self._command = [*isolated, str(package.function), *parts, "--", *python]
        self._environ = {
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "LAMBDA_TASK_ROOT": TASK_ROOT,
            "LAYERS_ROOT": LAYERS_ROOT,
            "TIMEOUT": str(timeout),
            "LD_LIBRARY_PATH": f"{TASK_ROOT}:{TASK_ROOT}/lib:{LAYERS_ROOT}/lib",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            **environ,
        }
        self.started = 0.0
        """Seconds that importing the handler took."""
        self.processor = 0.0
        """Seconds that a core worked until then, from the start of the process."""

    def __enter__(self) -> Self:
        self._log = TemporaryFile("w+")
        self._process = subprocess.Popen(
            self._command,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            began = self._read()
        except BaseException:
            self._end(failed=True)
            raise
        self.started, self.processor = began["seconds"], began["processor"]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end(failed=error is not None)

    def _end(self, *, failed: bool) -> None:
        self._process.communicate(timeout=30)  # the end of its input is the end of it
        with self._log as log:
            if failed:
                log.seek(0)
                sys.stderr.write(log.read())

    def invoke(self, event: Mapping[str, Any]) -> Reply:
        """Give the function an event."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        reply = self._read()
        measured = (reply[name] for name in ("seconds", "processor", "memory", "requests"))
        return Reply(reply.get("result"), reply.get("error"), *measured)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BuildError(f"the function ended with code {self._process.wait()}: its log says why")
        reply: dict[str, Any] = json.loads(line)
        return reply

"""Runs one function in an empty environment as Lambda's Python runtime does. Only the standard library is there.

Started as `python -I -S runtime.py app.on_upload`: imports the handler, tells how long that took, then answers each
line of JSON, an event, with a line: {"result": ...} or {"error": ...}, and the seconds.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
import traceback


class Context:
    """Of one invocation; the runtime's own has more."""

    def __init__(self, number: int, timeout: float) -> None:
        self.aws_request_id = f"00000000-0000-0000-0000-{number:012d}"
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self._end = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.monotonic()) * 1000))


def main(handler: str) -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the function prints goes to its log
    started = time.perf_counter()
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], f"{os.environ['LAYERS_ROOT']}/python"]
    name, function = handler.rsplit(".", 1)
    handle = getattr(importlib.import_module(name), function)
    print(json.dumps({"seconds": time.perf_counter() - started}), file=out, flush=True)
    timeout = float(os.environ["TIMEOUT"])
    for number, line in enumerate(sys.stdin):
        started = time.perf_counter()
        try:
            reply = {"result": handle(json.loads(line), Context(number, timeout))}
            written = json.dumps(reply)
        except Exception as error:
            traceback.print_exc()
            written = json.dumps({"error": {"errorType": type(error).__name__, "errorMessage": str(error)}})
        seconds = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f'{written[:-1]}, "seconds": {seconds}, "memory": {memory}}}', file=out, flush=True)


main(sys.argv[1])

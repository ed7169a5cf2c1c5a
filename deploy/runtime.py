"""Runs one function in an empty environment as Lambda's Python runtime does. Only the standard library is there.

Started as `python -I -S runtime.py app.on_upload`: imports the handler, tells how long that took, then answers each
line of JSON, an event, with a line: {"result": ...} or {"error": ...}, the seconds, those of the processor, the most
memory taken so far, and how many requests were sent to AWS.
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


class Sent:
    """Counts the HTTP requests of this process, as the interpreter audits them."""

    def __init__(self) -> None:
        self.count = 0
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "http.client.send" and isinstance(data := arguments[1], bytes) and b" HTTP/1.1\r\n" in data[:4096]:
            self.count += 1


def main(handler: str) -> None:
    sent = Sent()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the function prints goes to its log
    started = time.perf_counter()
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], f"{os.environ['LAYERS_ROOT']}/python"]
    name, function = handler.rsplit(".", 1)
    handle = getattr(importlib.import_module(name), function)
    began = {"seconds": time.perf_counter() - started, "processor": time.process_time()}
    print(json.dumps(began), file=out, flush=True)
    timeout = float(os.environ["TIMEOUT"])
    for number, line in enumerate(sys.stdin):
        started, worked, before = time.perf_counter(), time.process_time(), sent.count
        try:
            reply = {"result": handle(json.loads(line), Context(number, timeout))}
            written = json.dumps(reply)
        except Exception as error:
            traceback.print_exc()
            written = json.dumps({"error": {"errorType": type(error).__name__, "errorMessage": str(error)}})
        measured = {
            "seconds": time.perf_counter() - started,
            "processor": time.process_time() - worked,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "requests": sent.count - before,
        }
        print(f"{written[:-1]}, {json.dumps(measured)[1:]}", file=out, flush=True)


main(sys.argv[1])

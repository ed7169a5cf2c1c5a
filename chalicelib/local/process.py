"""The serving process: what is put together in which order, and how it ends."""

from __future__ import annotations

import ipaddress
import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Settings
from ..errors import SetupError

if TYPE_CHECKING:
    from .http import Port

DRAIN_SECONDS = 10.0
"""How long a stop waits for the answers under way."""


def serve(settings: Settings, host: str, port: int, data_dir: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; `data_dir` None keeps everything in memory.

    Raises SetupError where the port, the directory or a model is not fit to begin with.
    """
    require_loopback(host)
    require_models(settings)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as cleanup:
        listening = start(settings, host, port, data_dir, cleanup)
        print(f"Lookalike serves Rekognition on {listening.url}")
        print(f"export AWS_ENDPOINT_URL={listening.url}")
        print(
            f"export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={settings.region}", flush=True
        )
        stopped.wait()


def start(settings: Settings, host: str, port: int, data_dir: Path | None, cleanup: ExitStack) -> Port:
    """Begin to serve, in a thread; what `cleanup` holds afterwards ends it in the right order."""
    from .http import Port
    from .world import World

    world = cleanup.enter_context(World(settings, data_dir))
    try:
        listening = Port(host, port, world.server.answer)
    except OSError as error:
        raise SetupError(
            f"cannot listen on {host}:{port} ({error.strerror}): stop what listens there, or name another port with"
            " --port, or --port 0 for a free one"
        ) from error
    cleanup.callback(listening.drain, DRAIN_SECONDS)
    cleanup.callback(listening.server_close)
    cleanup.callback(listening.shutdown)
    threading.Thread(target=listening.serve_forever, args=(0.05,), name="port", daemon=True).start()
    return listening


def require_loopback(host: str) -> None:
    """Raises SetupError for an address that others reach: requests are not authenticated yet."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SetupError(
            f"{host} is not an address of this machine alone, and requests are not checked for who sends them:"
            " use --host 127.0.0.1"
        )


def require_models(settings: Settings) -> None:
    """Raises SetupError where the core pack is missing or not as it was built."""
    from ..modelkit import packs

    core = next(listing for listing in packs.list_packs(settings.models) if listing.name == "core")
    if not core.built:
        names = ", ".join(state.name for state in core.models if state.state != "built")
        raise SetupError(f"models of the core pack are missing or changed ({names}): run `lookalike models pull`")


def leave_the_users_aws() -> None:
    """Forget the environment's profile, endpoint and credentials: this process is AWS, and nobody's client."""
    for name in list(os.environ):
        if name.startswith("AWS_") and name not in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

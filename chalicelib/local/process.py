"""The serving process: what is put together in which order, and how it ends."""

from __future__ import annotations

import ipaddress
import os
import signal
import threading
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Settings
from ..errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..wire.gateway import Request, Response
    from .port.http import Admit
    from .port.tls import Tls
    from .world import World

DRAIN_SECONDS = 10.0
"""How long a stop waits for the answers under way."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to listen."""

    host: str
    port: int
    signed: bool
    """Whether all requests must be signed."""
    tls: Tls | None

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine reaches it."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def serve(settings: Settings, listening: Listening, data_dir: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; `data_dir` None keeps everything in memory.

    Raises SetupError where the port, the directory or a model is not fit to begin with.
    """
    require_fit(listening)
    warnings.filterwarnings("ignore", module="PIL")  # of a damaged picture the client is told, not the terminal
    require_models(settings)
    stopped = stop_signal()
    with ExitStack() as cleanup:
        world, url = start(settings, listening, data_dir, cleanup)
        print(f"Lookalike serves Rekognition on {url}")
        print(f"export AWS_ENDPOINT_URL={url}")
        print(_credentials(world, data_dir), f"AWS_DEFAULT_REGION={settings.region}")
        if world.signed and data_dir is not None and not world.backend.store.access.all():
            print(f"No key is there yet, make one: lookalike keys create --data-dir {data_dir}")
        print(f"See it at {url}/_lookalike/", flush=True)
        stopped.wait()


def start(settings: Settings, listening: Listening, data_dir: Path | None, cleanup: ExitStack) -> tuple[World, str]:
    """Begin to serve, in a thread, and tell under which URL; what `cleanup` holds afterwards ends it in order."""
    from .port import control
    from .world import World

    world = cleanup.enter_context(World(settings, data_dir, listening.signed))
    url = listen(listening, world.server.answer, world.server.admit, cleanup)
    if data_dir is not None:
        control.write(data_dir, url, world.operator, listening.tls.certificate if listening.tls else None)
        cleanup.callback(control.remove, data_dir)
    return world, url


def listen(listening: Listening, answer: Callable[[Request], Response], admit: Admit, cleanup: ExitStack) -> str:
    """Answer requests, in a thread, and tell under which URL; `cleanup` waits for the answers under way.

    Raises SetupError where the port is taken.
    """
    from .port.http import Port

    tls = listening.tls.context if listening.tls else None
    try:
        port = Port(listening.host, listening.port, answer, admit=admit, tls=tls)
    except OSError as error:
        raise SetupError(
            f"cannot listen on {listening.host}:{listening.port} ({error.strerror}): stop what listens there, or name"
            " another port with --port, or --port 0 for a free one"
        ) from error
    cleanup.callback(port.drain, DRAIN_SECONDS)
    cleanup.callback(port.server_close)
    cleanup.callback(port.shutdown)
    threading.Thread(target=port.serve_forever, args=(0.05,), name="port", daemon=True).start()
    return port.url


def stop_signal() -> threading.Event:
    """Set by SIGINT or SIGTERM, from now on."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def require_fit(listening: Listening) -> None:
    """Raises SetupError for an address that others reach, unless they must sign."""
    if not listening.is_local and not listening.signed:
        raise SetupError(
            f"{listening.host} is not an address of this machine alone, and whoever reaches it could do everything: use"
            " --host 127.0.0.1, or --auth required and `lookalike keys create`"
        )


def _credentials(world: World, data_dir: Path | None) -> str:
    """What to export beside the endpoint: any credentials will do, unless requests must be signed."""
    if not world.signed:
        return "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
    if data_dir is None:  # nobody could have made one
        key = world.backend.store.access.make("lookalike")
        return f"export AWS_ACCESS_KEY_ID={key.id} AWS_SECRET_ACCESS_KEY={key.secret}"
    return "export"


def require_models(settings: Settings) -> None:
    """Raises SetupError where the core pack is missing, or a model is not as this version builds it."""
    from ..modelkit import packs

    for pack in packs.list_packs(settings.models):
        wrong = [state.name for state in pack.models if state.state != "built"]
        if wrong and (pack.name == "core" or any(state.state == "damaged" for state in pack.models)):
            raise SetupError(
                f"models of the {pack.name} pack are missing or changed ({', '.join(wrong)}): "
                f"run `lookalike models pull {pack.name}`"
            )


def leave_the_users_aws() -> None:
    """Forget the environment's profile, endpoint and credentials: this process is AWS, and nobody's client."""
    for name in list(os.environ):
        if name.startswith("AWS_") and name not in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

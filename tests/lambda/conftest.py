"""The package of a target that this machine runs, made for the tests, and an account at the local port."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy import building, container, proof
from deploy.targets import PYTHONS, BuildError, Target, interpreter
from tests.conftest import Server

Start = Callable[[str], container.Container]


@pytest.fixture(scope="session")
def package(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[building.Package]:
    """Made with pip, for the newest of Lambda's Pythons that is installed here."""
    if not container.can_isolate():
        pytest.skip("no process may have mounts of its own here")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = next((version for version in reversed(PYTHONS) if interpreter(version)), here)
    folder = tmp_path_factory.mktemp("lambda")
    architecture = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
    try:
        yield building.build(Target(python, architecture), models, into=folder)
    except BuildError as error:
        if "pip found no wheels" not in str(error):
            raise
        pytest.skip(f"no package can be made here: {error}")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def account(server: Server) -> proof.Account:
    return proof.Account.at(server.url)


@pytest.fixture(scope="module")
def start(package: building.Package, account: proof.Account) -> Iterator[Start]:
    """Starts a function of the package, once for all tests of a module."""
    started: dict[str, container.Container] = {}
    with ExitStack() as stack:

        def start(function: str) -> container.Container:
            if function not in started:
                started[function] = stack.enter_context(account.start(package, function))
            return started[function]

        yield start

"""`python -m deploy`: what `make package` and `make deploy` run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from chalicelib.config import packs_folder

from . import container, costs, measuring, proof, simulation, tables
from .building import LIMIT, Package, build
from .targets import TARGETS, BuildError, Target, interpreter


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    commands = parser.add_subparsers(required=True)
    packaging = commands.add_parser("package", help="make, trim and prove the packages of Lambda")
    packaging.add_argument("targets", nargs="*", choices=[*map(str, TARGETS), []], help="which; all unless named")
    packaging.add_argument("--packs", nargs="+", default=["core"], help="packs of the layer of models (default: core)")
    packaging.set_defaults(run=lambda asked: _package(asked.targets, asked.packs))
    schema = commands.add_parser("tables", help="write tables.json anew from the program's models")
    schema.set_defaults(run=lambda asked: tables.keep())
    measures = commands.add_parser("measure", help="measure the functions from their package anew")
    measures.set_defaults(run=lambda asked: measuring.keep())
    prices = commands.add_parser("costs", help="what images a month cost, as Markdown")
    prices.set_defaults(run=lambda asked: print(costs.table()))
    flood = commands.add_parser("simulate", help="10 million uploads in an hour, as a plot in docs/")
    flood.set_defaults(run=lambda asked: simulation.main())
    asked = parser.parse_args()
    try:
        asked.run(asked)
    except (BuildError, proof.ProofError) as error:
        sys.exit(str(error))


def _package(names: Sequence[str], packs: Sequence[str]) -> None:
    chosen = [target for target in TARGETS if not names or str(target) in names]
    packages = [_made(target, packs) for target in chosen]
    if not container.can_isolate():
        print("not proven: this machine lets no process have mounts of its own (unshare)")
        return
    with proof.port() as url:
        for package in packages:
            if package.target.native and interpreter(package.target.python) is not None:
                proof.prove(package, proof.Account.at(url))
                print(f"{package.target}: proven on requests, an upload, stored videos and the clock")
            else:
                print(f"{package.target}: not proven, this machine does not run it")


def _made(target: Target, packs: Sequence[str]) -> Package:
    package = build(target, packs_folder(os.environ), packs)
    sizes = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in package.sizes().items())
    print(f"{target}: MB unzipped with layers, of {LIMIT / 1e6:.0f}: {sizes}", flush=True)
    return package


if __name__ == "__main__":
    main()

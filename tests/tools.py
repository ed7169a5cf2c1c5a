"""Programs of other people that some tests use where they are installed: npm's AWS SDK, Terraform's AWS provider."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

SDK = "@aws-sdk/client-rekognition@3.1142.0"
PROVIDER = "registry.terraform.io/hashicorp/aws"


class AbsentError(Exception):
    """It is not here; says what is missing."""


def javascript() -> Path:
    """A folder whose `node_modules` has the AWS SDK for JavaScript, installed once a machine, outside the checkout.

    Raises AbsentError without node, npm or npm's registry.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise AbsentError("node and npm are not installed here")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lookalike" / "tests" / SDK.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # two test processes may want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), SDK]
            installed = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
            if installed.returncode != 0:
                raise AbsentError(f"{SDK} cannot be installed: {installed.stderr[-300:]}")
            (folder / "ready").touch()
    return folder


def terraform(folder: Path) -> dict[str, str]:
    """What Terraform needs in its environment to find the AWS provider 5 in a mirror; its settings go into `folder`.

    Raises AbsentError without Terraform, or without a mirror: TERRAFORM_MIRROR names one, else /opt and ~/.terraform.d
    are looked through.
    """
    named = os.environ.get("TERRAFORM_MIRROR")
    folders = [Path(named)] if named else [*Path("/opt").glob("*"), Path.home() / ".terraform.d" / "plugins"]
    mirror = next((each for each in folders if list(each.glob(f"{PROVIDER}/5.*"))), None)
    if shutil.which("terraform") is None or mirror is None:
        raise AbsentError("no Terraform here, or no mirror with the AWS provider (TERRAFORM_MIRROR)")
    settings = folder / "terraformrc"
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    return {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}

"""All that the environment may change."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

_PACKAGE = Path(__file__).resolve().parent


def data_file(name: str) -> Path:
    """A committed data file: manifest, taxonomy or head, by its name under `models/`.

    In a wheel the folder lies inside the package, in the checkout beside it, on Lambda in the layer.
    """
    for root in (_PACKAGE / "models", _PACKAGE.parent / "models", Path("/opt/models")):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(name)


def packs_folder(environ: Mapping[str, str]) -> Path:
    """Where the built model packs lie: LOOKALIKE_MODELS, Lambda's layer, the checkout, or the user's cache."""
    if named := environ.get("LOOKALIKE_MODELS"):
        return Path(named).expanduser()
    if "AWS_LAMBDA_FUNCTION_NAME" in environ:
        return Path("/opt/models/packs")
    checkout = _PACKAGE.parent / "models"
    if (checkout / "manifest.toml").exists():
        return checkout / "packs"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lookalike" / "models"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a person may set; every field has a default that works."""

    models: Path
    """The folder of built model packs."""
    region: str = "us-east-1"
    account: str = "123456789012"
    """The account in ARNs: moto's default account, so that its other services agree."""
    table_prefix: str = "lookalike"
    """Before every DynamoDB table's name."""
    bucket: str = "lookalike-results"
    """The S3 bucket of search snapshots and job results."""
    uploads: str = "lookalike-uploads"
    """The S3 bucket whose objects are indexed and analysed."""
    upload_rules: str = ""
    """JSON that replaces `uploads.RULES`."""
    celebrities: str = "celebrities"
    """The collection whose faces RecognizeCelebrities knows, by their ExternalImageIds."""
    celebrity_facts: Path | None = None
    """The TOML file of what else is known of them: see `operations.celebrities`."""
    kms_key: str = ""
    """The KMS key (id, ARN or alias) that wraps the data keys of collections."""
    key_file: Path | None = None
    """Where no KMS key is named: the file of the wrapping key, made on first use. A server with a data directory has
    one there."""
    origins: str = ""
    """Web pages that may call a local server, such as https://app.example.com, with spaces between, or * for all;
    those of this machine always may."""
    optout_similarity: float = 99.0
    """Similarity from which a face is taken for one on the list of opt-outs: see `operations.optouts`."""
    auth: Literal["none", "required"] = "none"
    """On Lambda: whether requests must be signed with a key of `lookalike keys`. A local server is told by --auth."""
    queue: str = "lookalike-jobs"
    """The SQS queue of video and bulk jobs."""
    uploads_queue: str = "lookalike-uploads"
    """On AWS: the SQS queue to which S3 tells its events."""
    rate_limits: str = ""
    """JSON of requests a second by operation, beyond which they are refused as AWS would: see `local.port.rates`."""
    frames_per_second: float = 2.0
    """Frames of a stored video that are looked at."""
    search_memory: int = 2 * 1024**3
    """Bytes of face vectors kept in memory for searching."""
    search_limit: int = 0
    """Bytes of one collection's vectors beyond which it is not searched, 0 for none: on Lambda, what the function's
    memory leaves."""
    sync: bool = True
    """Whether an acknowledged write of a local server has reached the disk, and survives the power too."""
    threads: int = 0
    """Threads a model run may use; 0: as many as there are cores."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read `LOOKALIKE_<FIELD>` for each field, and AWS_REGION for the region."""
        named = {
            field: value for field in cls.__struct_fields__ if (value := environ.get(f"LOOKALIKE_{field.upper()}"))
        }
        named.setdefault("region", environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1")
        named["models"] = str(packs_folder(environ))
        return msgspec.convert(named, cls, strict=False, dec_hook=lambda kind, value: kind(value))

"""Models are run without telling anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_running_a_model_leaves_no_record_of_it(models: Path, tmp_path: Path) -> None:
    """onnxruntime 1.31 would keep events in ~/.cache/Microsoft, to send them from there."""
    code = f"""
from pathlib import Path
from chalicelib.vision.sessions import Sessions
Sessions(Path({str(models)!r}), 1).session("expressions")
"""
    environ = {
        name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY")
    }
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ | {"HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []

"""What somebody has who installed the wheel: the import, the command, the models, and their own modules untouched."""

from __future__ import annotations

import os
import subprocess
import venv
import zipfile
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from tests.wheel import ROOT, Installed, build, environment


def test_the_wheel_holds_all_committed_data_and_no_more(tmp_path: Path) -> None:
    committed = subprocess.run(["git", "ls-files", "models"], cwd=ROOT, check=False, text=True, capture_output=True)
    if committed.returncode != 0:
        pytest.skip("which files are committed is known in a git checkout only")
    with zipfile.ZipFile(build(tmp_path)) as wheel:
        names = set(wheel.namelist())
    assert {f"lookalike/{name}" for name in committed.stdout.split()} == {
        name for name in names if name.startswith("lookalike/models/")
    }
    assert not [name for name in names if name.endswith((".onnx", ".jpg")) or name.startswith(("chalicelib", "app"))]
    assert {"lookalike/app.py", "lookalike/py.typed", "lookalike/local/console/static/index.html"} <= names


def test_it_is_imported_by_its_name(installed: Installed, tmp_path: Path) -> None:
    code = "import lookalike, sys; print(lookalike.__version__, 'chalicelib' in sys.modules, 'moto' in sys.modules)"
    version, *loaded = installed.run(installed.python, "-c", code, cwd=tmp_path).stdout.split()
    assert loaded == ["False", "False"], "a checkout's name, or what only tests need"
    assert installed.run(installed.command, "version", cwd=tmp_path).stdout.strip() == version


def test_models_lie_in_the_users_cache(installed: Installed, tmp_path: Path) -> None:
    code = "from lookalike.config import Settings; print(Settings.from_environ().models)"

    def models(**environ: str) -> str:
        return installed.run(installed.python, "-c", code, cwd=tmp_path, check=True, **environ).stdout.strip()

    assert models(HOME="/home/ada") == "/home/ada/.cache/lookalike/models"
    assert models(HOME="/home/ada", XDG_CACHE_HOME="/cache") == "/cache/lookalike/models"
    assert models(LOOKALIKE_MODELS="/srv/models") == "/srv/models"


@pytest.mark.parametrize(
    "command",
    [
        ["lookalike", "serve", "--memory", "--port", "0"],
        ["python", "-c", "import lookalike; lookalike.mock_rekognition().start()"],
    ],
)
def test_missing_models_are_one_error_that_says_what_to_do(
    installed: Installed, tmp_path: Path, command: list[str]
) -> None:
    program, *arguments = command
    ended = installed.run(
        installed.folder / "bin" / program, *arguments, cwd=tmp_path, check=False, XDG_CACHE_HOME=str(tmp_path)
    )
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert "run `lookalike models pull core`" in last
    assert program == "python" or ended.stderr.count("\n") == 1


def test_the_users_own_modules_are_not_mistaken_for_ours(
    installed: Installed, models: Path, tmp_path: Path, astronaut: bytes
) -> None:
    for name in ("app.py", "chalicelib/__init__.py", "moto_ext.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise RuntimeError('a module of the user was imported')\n")
    command = [str(installed.command), "serve", "--memory", "--port", "0"]
    environ = environment(LOOKALIKE_MODELS=str(models), PYTHONPATH=str(tmp_path), PYTHONUNBUFFERED="1")
    with subprocess.Popen(command, cwd=tmp_path, env=environ, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        try:
            assert len(_detect(url, astronaut)) == 1
        finally:
            process.terminate()


@pytest.mark.skipif("LOOKALIKE_TEST_INSTALL" not in os.environ, reason="takes minutes: set LOOKALIKE_TEST_INSTALL=1")
def test_it_brings_all_that_it_needs(tmp_path: Path, models: Path, astronaut: bytes) -> None:
    """As a person installs it: with its dependencies as they are published today."""
    wheel = build(tmp_path / "dist")
    venv.create(tmp_path / "venv", with_pip=True)
    installed = Installed(tmp_path / "venv")
    subprocess.run([installed.python, "-m", "pip", "install", "-q", str(wheel)], check=True)
    (tmp_path / "photo.jpg").write_bytes(astronaut)
    code = (
        "import boto3, lookalike, moto\n"
        "with moto.mock_aws(), lookalike.mock_rekognition():\n"
        "    client = boto3.client('rekognition', region_name='us-east-1')\n"
        "    answer = client.detect_faces(Image={'Bytes': open('photo.jpg', 'rb').read()})\n"
        "    print(len(answer['FaceDetails']))\n"
    )
    told = installed.run(installed.python, "-c", code, cwd=tmp_path, LOOKALIKE_MODELS=str(models))
    assert told.stdout.split() == ["1"]


def _detect(url: str, photo: bytes) -> list[object]:
    client = boto3.client(
        "rekognition",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )
    found: list[object] = client.detect_faces(Image={"Bytes": photo})["FaceDetails"]
    return found

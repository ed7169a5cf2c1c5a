"""What no function imports, links or reads is taken out. `proof` shows that what is left works.

Files go by pattern, each with its reason; then the shared libraries that nothing left is linked with. FFmpeg is linked
with encoders, and Pillow with the screen, which are never called here: small libraries of the same names stand in.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from . import elf

SERVICES = ("dynamodb", "kms", "rekognition", "s3", "sns", "sqs", "sts")
"""AWS services that Lookalike talks to, and the one it is."""

UNUSED = (
    # Command lines, and what a compiler or a type checker reads.
    *("bin", "**/*.pyi", "**/*.pxd", "**/*.pyx", "**/*.h", "**/*.c", "**/*.a", "**/py.typed", "**/*.rst"),
    *("*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/WHEEL"),
    # pynamodb needs botocore alone. Chalice's own needs are its command line's.
    *("boto3*", "s3transfer*"),
    *("botocore/data/*/*/examples-1.json*", "botocore/data/*/*/paginators-1*", "botocore/data/*/*/waiters-2*"),
    # cryptography needs cffi's one module; cffi needs a C parser only to declare functions.
    *("cffi", "pycparser*"),
    # onnxruntime loads the module that has the runtime in it: the library beside it is for C. protobuf and
    # flatbuffers serve its tools.
    *("onnxruntime/capi/libonnxruntime.so*", "onnxruntime/transformers", "onnxruntime/quantization"),
    *("onnxruntime/tools", "onnxruntime/datasets", "onnxruntime/backend", "onnxruntime/ThirdPartyNotices.txt"),
    *("flatbuffers*", "google", "protobuf*", "packaging*"),
    # numpy's tests, its Fortran wrapper, and what tells its build.
    *("numpy/**/tests", "numpy/f2py", "numpy/_pyinstaller", "numpy/_core/include", "numpy/_core/lib"),
    *("numpy/_core/_simd.*", "numpy/_core/_*_tests.*", "numpy/random/_examples", "numpy/random/lib"),
    # Pillow's formats that Rekognition does not take, its fonts, colour profiles and windows.
    *("PIL/_avif.*", "PIL/_webp.*", "PIL/_imagingft.*", "PIL/_imagingcms.*", "PIL/_imagingtk.*", "PIL/_imagingmorph.*"),
    "PIL/*ImagePlugin.py",
)
KEPT = (
    *(f"PIL/{name}ImagePlugin.py" for name in ("Bmp", "Gif", "Jpeg", "Mpo", "Png", "Ppm", "Tiff")),
    "botocore/data/s3/2006-03-01/paginators-1.json",
)
"""Of what the patterns name: Pillow's preload and what its JPEG reader imports; what lists a bucket."""
UNCALLED = ("libx265", "libx264", "libSvtAv1Enc", "libvpx", "libxcb")
"""FFmpeg's largest encoders, and the way to the X server by which Pillow grabs a screen."""


def trim(folder: Path) -> None:
    """Take out of an installed tree what is not used."""
    kept = {folder / name for name in KEPT}
    for pattern in UNUSED:
        for path in sorted(folder.glob(pattern)):
            if path not in kept:
                _remove(path)
    for service in (folder / "botocore" / "data").glob("*/"):
        if service.name not in SERVICES:
            _remove(service)
    for libraries in folder.glob("*.libs"):
        modules = _modules(libraries)
        _stand_in(libraries, modules)
        _unlink(libraries, modules)
    for empty in sorted(folder.rglob("*/"), reverse=True):
        if not any(empty.iterdir()):
            empty.rmdir()


def size(folders: Iterable[Path]) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _modules(libraries: Path) -> list[Path]:
    """The extension modules of the package that brought these libraries."""
    package = {"pillow.libs": "PIL"}.get(libraries.name, libraries.stem)
    return [path for path in (libraries.parent / package).rglob("*.so*") if elf.is_library(path)]


def _stand_in(libraries: Path, modules: Iterable[Path]) -> None:
    """Put small libraries in place of those that nobody calls."""
    found = {path: elf.read(path) for path in (*libraries.iterdir(), *modules)}
    wanted = frozenset[str]().union(*(library.undefined for library in found.values()))
    for path, library in found.items():
        if path.name.startswith(UNCALLED):
            path.write_bytes(elf.stand_in(library.machine, library.name, sorted(library.defined & wanted)))


def _unlink(libraries: Path, modules: Iterable[Path]) -> None:
    """Remove what neither the modules nor what they are linked with is linked with."""
    by_name = {path.name: path for path in libraries.iterdir()}
    open_ends = list(modules)
    linked: set[str] = set()
    while open_ends:
        needed = set(elf.read(open_ends.pop()).needed) & by_name.keys() - linked
        linked |= needed
        open_ends += [by_name[name] for name in needed]
    for name in by_name.keys() - linked:
        by_name[name].unlink()

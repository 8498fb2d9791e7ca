"""What telephones record is taken as well: M4A."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from prompts.loudness import SAMPLE_RATE
from prompts.settings import TakeSettings
from prompts.take import BadTake, Fault, Take, from_file
from tests.prompts.test_takes import RULES, SECONDS, padded

pytestmark = pytest.mark.unit


def as_m4a(path: Path, codec: str = "aac", rate: int = 44_100, *, first: bool = False) -> bytes:
    """The words as a telephone keeps them; with `first` the index comes before them."""
    options = {"movflags": "faststart"} if first else {}
    with av.open(str(path), "w", format="ipod", options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        planar = "fltp" if codec == "aac" else "s16p"
        resampler = av.AudioResampler(format=planar, layout="mono", rate=rate)
        samples = np.ascontiguousarray(padded(0.4, 0.4).astype(np.float32)[np.newaxis])
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for block in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    return path.read_bytes()


def taken(data: bytes) -> Take:
    return from_file(data, RULES, -20.0, SECONDS)


@pytest.mark.parametrize(("codec", "rate"), [("aac", 44_100), ("alac", 48_000)])
def test_it_becomes_a_prompt(tmp_path: Path, codec: str, rate: int) -> None:
    take = taken(as_m4a(tmp_path / "x.m4a", codec, rate))
    assert take.seconds == pytest.approx(SECONDS, abs=0.2)
    assert take.raw_lufs < 0


def test_what_breaks_off_is_refused(tmp_path: Path) -> None:
    whole = as_m4a(tmp_path / "x.m4a", first=True)
    for data in (as_m4a(tmp_path / "y.m4a")[:-400], whole[: len(whole) * 6 // 10]):
        with pytest.raises(BadTake) as refused:
            taken(data)
        assert refused.value.fault is Fault.DAMAGED


@pytest.mark.parametrize("data", [b"\0\0\0\x18ftypM4A " + bytes(200), b"\0\0\0\x08ftyp"])
def test_what_only_begins_like_it_is_refused(data: bytes) -> None:
    with pytest.raises(BadTake):
        taken(data)


def test_no_more_is_decoded_than_is_taken(tmp_path: Path) -> None:
    short = TakeSettings.model_validate({"longest_s": 1.5})
    with pytest.raises(BadTake) as refused:
        from_file(as_m4a(tmp_path / "x.m4a"), short, -20.0)
    assert refused.value.fault is Fault.TOO_LONG

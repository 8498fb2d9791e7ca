"""The runs as one self-contained HTML page: steps over the sound of both sides, SIP, RTP."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import soundfile
from jinja2 import Environment, FileSystemLoader, select_autoescape

from ivr.caller.performing.results import CallDone, Outcome, RunDone, StepDone
from ivr.caller.wire.proxy import Passed
from prompts.composer import HONG_KONG

WIDTH = 1200
"""Width of a time line, in units of its picture."""

_HALF = 24.0
_FULL = 32768.0


@dataclass(frozen=True)
class Mark:
    """A step on the time line, in units of the picture."""

    number: int
    step: StepDone
    left: float
    width: float


@dataclass(frozen=True)
class Rung:
    """A message in the ladder of SIP messages."""

    at: str
    to_service: bool
    title: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A call as the page shows it.

    Attributes:
        seconds: length of the time line, which begins with the INVITE.
        sound: FLAC of both sides as a data address, ours right; empty if there was none.
        waves: outlines of the received and the sent sound, as SVG paths.
    """

    call: CallDone
    seconds: float
    sound: str
    waves: tuple[str, str]
    marks: tuple[Mark, ...]
    ladder: tuple[Rung, ...]


def page(runs: Sequence[RunDone]) -> str:
    """The page, as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2"])
    )
    shown = [(run, [_picture(call) for call in run.calls]) for run in runs]
    return environment.get_template("page.html.j2").render(
        runs=shown,
        passed=sum(run.outcome is Outcome.PASSED for run in runs),
        made=datetime.now(HONG_KONG),
        width=WIDTH,
        half=_HALF,
    )


def _picture(call: CallDone) -> Picture:
    ends = [step.ends_s for step in call.steps]
    sounds = call.sound_from_s + max(len(call.received), len(call.sent)) / 16000
    seconds = max([1.0, sounds, *ends])
    scale = WIDTH / seconds
    marks = tuple(
        Mark(number, step, *_place(step, call, scale))
        for number, step in enumerate(call.steps, start=1)
    )
    waves = (
        _outline(call.received, call.sound_from_s, scale, _HALF),
        _outline(call.sent, call.sound_from_s, scale, 3 * _HALF),
    )
    ladder = tuple(_rung(passed, call.ladder_from) for passed in call.ladder)
    return Picture(call, seconds, _flac(call), waves, marks, ladder)


def _place(step: StepDone, call: CallDone, scale: float) -> tuple[float, float]:
    begins, ends = step.begins_s, step.ends_s
    if step.heard_ms is not None:
        begins, ends = (call.sound_from_s + ms / 1000 for ms in step.heard_ms)
    return begins * scale, max(2.0, (ends - begins) * scale)


def _outline(pcm: bytes, from_s: float, scale: float, middle: float) -> str:
    """The loudest sample of each column, up and down."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.float32))
    column = max(1, round(8000 / scale * 2))
    if len(samples) < column:
        return ""
    peaks = samples[: len(samples) // column * column].reshape(-1, column).max(axis=1)
    heights = np.sqrt(peaks / _FULL) * _HALF * 0.95
    lefts = (from_s + np.arange(len(heights)) * column / 8000) * scale
    return "".join(
        f"M{left:.0f} {middle - height:.1f}V{middle + height:.1f}"
        for left, height in zip(lefts, heights, strict=True)
        if height > 0.5
    )


def _flac(call: CallDone) -> str:
    if not call.received and not call.sent:
        return ""
    sides = [np.frombuffer(pcm, "<i2") for pcm in (call.received, call.sent)]
    both = np.zeros((max(map(len, sides)), 2), np.int16)
    for number, side in enumerate(sides):
        both[: len(side), number] = side
    written = io.BytesIO()
    soundfile.write(written, both, 8000, format="FLAC", subtype="PCM_16")
    return "data:audio/flac;base64," + base64.b64encode(written.getvalue()).decode()


def _rung(passed: Passed, begins: float) -> Rung:
    return Rung(f"{passed.at - begins:.3f}", passed.to_service, passed.title, passed.text)

"""The way of a frame of sound between the SIP library and a call, 50 times a second on each line.

Interpreted, it takes a seventh of a call worker's processor time; so it is compiled when the
service is installed, where there is a C compiler. Otherwise the same runs interpreted, and log,
health and the metric `rocars_ivr_frame_path_compiled` say so.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivr.telephony.sound.frame_path import interpreted
from ivr.telephony.sound.frame_path.interpreted import Gathering, LineFrames, PcmFrames

__all__ = ["FRAME_PATH", "INTERPRETED", "FramePath", "Gathering", "LineFrames", "PcmFrames"]


@dataclass(frozen=True)
class FramePath:
    """One of the two; what each class does is written in `interpreted`."""

    compiled: bool
    pcm_frames: type[PcmFrames]
    gathering: type[Gathering]
    line_frames: type[LineFrames]
    move: Callable[[tuple[LineFrames, ...], int, float, list[Exception]], int]


def _path_of(module: Any, *, compiled: bool) -> FramePath:
    return FramePath(compiled, module.PcmFrames, module.Gathering, module.LineFrames, module.move)


def _best() -> FramePath:
    try:
        return _path_of(importlib.import_module(f"{__name__}.compiled"), compiled=True)
    except ImportError:  # there was no compiler
        return INTERPRETED


INTERPRETED = _path_of(interpreted, compiled=False)
FRAME_PATH = _best()

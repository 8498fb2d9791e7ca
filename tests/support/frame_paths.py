"""Both frame paths, for tests of what they must do alike."""

from __future__ import annotations

from ivr.telephony.sound.frame_path import FRAME_PATH, INTERPRETED

PATHS = tuple({path.compiled: path for path in (INTERPRETED, FRAME_PATH)}.values())
NAMES = tuple("compiled" if path.compiled else "interpreted" for path in PATHS)

"""How times, lengths, numbers and names are written on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from ivr.records.masking import last_four
from ivr.records.tallies import HONG_KONG

TONGUES = {"yue": "Cantonese", "cmn": "Putonghua", "en": "English", "": "not chosen yet"}

NARROW = "\u202f"


def when(at: datetime | None) -> str:
    """Date and time of Hong Kong."""
    return "" if at is None else f"{at.astimezone(HONG_KONG):%Y-%m-%d %H:%M}"


def clock(at: datetime | None) -> str:
    """Time of Hong Kong, to the second."""
    return "" if at is None else f"{at.astimezone(HONG_KONG):%H:%M:%S}"


def seconds(length: float | timedelta | None) -> str:
    """``0.8 s``, ``42 s``, ``2:05``."""
    if length is None:
        return ""
    whole = length.total_seconds() if isinstance(length, timedelta) else length
    if whole < 10:
        return f"{whole:.1f}{NARROW}s"
    if whole < 100:
        return f"{whole:.0f}{NARROW}s"
    return f"{int(whole) // 60}:{int(whole) % 60:02d}"


def masked_number(e164: str | None) -> str:
    """A telephone number with all but its last four digits hidden."""
    return last_four(e164) or "–"


def masked_mark(mark: str) -> str:
    """A vehicle or a reference for those who need not know it."""
    return f"…{mark[-2:]}" if len(mark) > 2 else "…"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}".replace("%", f"{NARROW}%")


def word(name: str) -> str:
    """A word of our closed sets as a person writes it: ``caller_hung_up``."""
    return str(name).replace("_", " ")


def tongue(tag: str | None) -> str:
    return TONGUES.get(tag or "", tag or "")

"""How times, lengths, numbers and names are written on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from ivr.records.hong_kong import HONG_KONG
from ivr.records.masking import last_four
from speech.languages.registry import LANGUAGES

NARROW = "\u202f"


def when(at: datetime | None) -> str:
    """Date and time of Hong Kong."""
    return "" if at is None else f"{at.astimezone(HONG_KONG):%Y-%m-%d %H:%M}"


def instant(at: datetime | None) -> str:
    """To the second, with the zone of Hong Kong: ISO 8601, for programs."""
    return "" if at is None else at.astimezone(HONG_KONG).isoformat(timespec="seconds")


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


def lasting(length: timedelta) -> str:
    """``40 s``, ``12 min``, ``2 h 05 min``, ``3 d 4 h``."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    if not minutes:
        return f"{seconds}{NARROW}s"
    if minutes < 60:
        return f"{minutes}{NARROW}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}{NARROW}h {minutes:02d}{NARROW}min"
    return f"{hours // 24}{NARROW}d {hours % 24}{NARROW}h"


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


def language_name(tag: str | None, page: str) -> str:
    """What a language of the service is called on pages in the language `page`; the tag of one
    that is no more, empty for none."""
    known = next((known for known in LANGUAGES.values() if known.language == tag), None)
    return known.names[page] if known else tag or ""


def bcp47(tag: str) -> str:
    """The tag by which browsers know the written form of a language of the service."""
    return next((known.bcp47 for known in LANGUAGES.values() if known.language == tag), tag)

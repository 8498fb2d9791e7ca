"""Numbers as people type them: from a Chinese keyboard, and in groups as they read them."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN_GROUPS = re.compile(r"[\s\-‐‑‒–—−]+")


def plain(text: str) -> str:
    """In the letters and figures of an English keyboard: a Chinese one has wide ones (１２ｋｇ)."""
    return unicodedata.normalize("NFKC", text).strip()


def number(text: str) -> str:
    """A CCRN, a user ID or a code without what its groups stand apart by ("123 456", "１２３-４").

    What has more than figures and such marks is an ID of letters, or wrong; it stays as it is
    typed, but for the keyboard.
    """
    typed = plain(text)
    figures = _BETWEEN_GROUPS.sub("", typed)
    return figures if figures.isascii() and figures.isdecimal() else typed

"""What of a person or a secret may be remembered."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

MASK = "******"
"""Stands for a secret, whatever its length, and for all but the end of an identifier."""

LONGEST_NETWORK_TEXT = 255
LONGEST_SPOKEN_TEXT = 4000


class SecretInTrace(ValueError):
    """A step marked secret carries digits. The digits are not in this exception."""


def mask_user_id(user_id: str | None) -> str | None:
    """A driver's user ID with all but its last three characters hidden; harmless if repeated."""
    if not user_id:
        return None
    tail = user_id.removeprefix(MASK)
    return MASK + tail[-3:] if len(tail) >= 3 else MASK


def last_four(number: str | None) -> str | None:
    """A telephone number as it may stand in a log."""
    return None if number is None else MASK + number[-4:]


def refuse_digits(value: str, text: str, detail: Mapping[str, Any]) -> None:
    """Raise SecretInTrace if a step marked secret gives any of its secret away.

    Digits of every script count. In `detail` only ``length`` may be a number.
    """
    if any(character.isnumeric() for character in value):
        raise SecretInTrace("value carries digits")
    if any(character.isdigit() for character in text):
        raise SecretInTrace("text carries digits")
    for key, entry in detail.items():
        if key == "length" or entry is None or isinstance(entry, bool):
            continue
        if not isinstance(entry, str) or any(character.isnumeric() for character in entry):
            raise SecretInTrace(f"detail {key!r} carries digits")


def clean(text: str | None, longest: int = LONGEST_NETWORK_TEXT) -> str | None:
    """Text from the network as both databases can hold it: no control characters, not endless."""
    if text is None:
        return None
    return "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in text[:longest]
    )


def clean_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Detail of a step as both databases can hold it as JSON."""
    return {str(clean(key)): _clean_value(value) for key, value in detail.items()}


def _clean_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return clean_detail(value)
    if isinstance(value, list | tuple):
        return [_clean_value(entry) for entry in value]
    return clean(str(value), LONGEST_SPOKEN_TEXT)

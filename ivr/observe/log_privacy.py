"""Keeps secrets, whole personal numbers and control characters out of log lines.

Each class is a structlog processor, so every line passes through it, also those of libraries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

MASK = "******"

_SECRET = {
    "pin",
    "code",
    "otp",
    "session",
    "seed",
    "secret",
    "token",
    "password",
    "passwd",
    "authorization",
    "authenticate",
    "cookie",
    "credentials",
    "apikey",
}
_SECRET_PAIRS = {("api", "key"), ("private", "key")}
_HARMLESS_CODES = {"sip", "status", "exit", "http", "country", "reason", "error", "return"}

_PERSONAL: Mapping[str, int] = {
    "user_id": 3,
    "driver": 3,
    "driver_user_id": 3,
    "caller": 4,
    "e164": 4,
    "caller_e164": 4,
    "vehicle": 2,
    "plate": 2,
}
"""Keys whose values are shown by their last characters only, and how many characters."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_IN_TEXT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(://[^/\s:@]*):[^@/\s]+@"), rf"\1:{MASK}@"),
    (re.compile(r"\b(bearer|basic|digest)\s+\S.*", re.IGNORECASE), rf"\1 {MASK}"),
    (
        re.compile(
            r"""\b(pin|otp|code|seed|secret|token|password|passwd|session|api[_-]?key|authorization)
            (["']?\s*[=:]\s*["']?)[^\s"',;&}\]]+""",
            re.IGNORECASE | re.VERBOSE,
        ),
        rf"\1\2{MASK}",
    ),
)

_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

Event = MutableMapping[str, Any]


def is_secret(key: str) -> bool:
    """Whether a key names a PIN, a one-time code, a token or the like: ``driverPin`` does."""
    words = [word.casefold() for word in _WORD.findall(key)]
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        if (before, word) in _SECRET_PAIRS:
            return True
        if word in _SECRET and not (word == "code" and before in _HARMLESS_CODES):
            return True
    return False


def escape_control(text: str) -> str:
    r"""Text with control, formatting and line-breaking characters written out (``\x0a``).

    So a caller cannot begin a new line, colour a terminal, or reverse the reading order of a log.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _ESCAPED_CATEGORIES else character
        for character in text
    )


def _escaped(character: str) -> str:
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def hide_in_text(text: str) -> str:
    """Hide what looks like a secret in free text: ``pin=123456``, ``Bearer abc``."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


class MaskSecrets:
    """Hides values by the name of their key, at any depth, and secrets within texts."""

    def __call__(self, _logger: Any, _method: str, event: Event) -> Event:
        for key in list(event):
            event[key] = self._masked(key, event[key])
        return event

    def _masked(self, key: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if is_secret(key):
            return MASK
        shown = _PERSONAL.get(key.casefold())
        if shown is not None and isinstance(value, str | int):
            return MASK + str(value).removeprefix(MASK)[-shown:]
        return _deep(value, hide_in_text, self._masked)


class EscapeControl:
    """Escapes control characters in every key and value; applied before the line is rendered.

    A traceback keeps its lines, each indented so that none looks like a log line.
    """

    def __call__(self, _logger: Any, _method: str, event: Event) -> Event:
        for key in list(event):
            value = event.pop(key)
            if key in ("exception", "stack") and isinstance(value, str):
                lines = hide_in_text(value).splitlines()
                event[key] = "\n".join("  | " + escape_control(line) for line in lines)
            else:
                event[escape_control(key)] = _deep(value, escape_control, self._escaped)
        return event

    def _escaped(self, _key: str, value: Any) -> Any:
        return _deep(value, escape_control, self._escaped)


def _deep(value: Any, on_text: Callable[[str], str], on_entry: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, str):
        return on_text(value)
    if isinstance(value, Mapping):
        return {on_text(str(key)): on_entry(str(key), entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_deep(entry, on_text, on_entry) for entry in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return on_text(str(value))

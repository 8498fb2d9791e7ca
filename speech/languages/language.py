"""The languages of the service."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A spoken language, by its ISO 639-3 code.

    Hong Kong written forms differ from the spoken one, so Cantonese is not "zh": what is said in
    Cantonese is written as it is spoken.
    """

    CANTONESE = "yue"
    PUTONGHUA = "cmn"
    ENGLISH = "en"

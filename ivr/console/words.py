"""The words of the console in the languages of its pages."""

from __future__ import annotations

from pathlib import Path

from ground.web.words import Words
from ivr.caller.retold.history import TRANSLATIONS

WORDS = Words(
    Path(__file__).with_name("translations"), cookie="rocars_language", beneath=(TRANSLATIONS,)
)

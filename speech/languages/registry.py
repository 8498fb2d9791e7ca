"""The languages of the service, each from its own file."""

from __future__ import annotations

from speech.languages.cantonese import CANTONESE
from speech.languages.english import ENGLISH
from speech.languages.language import Language
from speech.languages.putonghua import PUTONGHUA
from speech.languages.spoken_language import SpokenLanguage
from speech.spoken.forms import SpokenForms

LANGUAGES: dict[Language, SpokenLanguage] = {
    known.language: known for known in (CANTONESE, PUTONGHUA, ENGLISH)
}
"""By tag; a member of `Language` that is missing here fails at import."""

if missing := set(Language) - set(LANGUAGES):
    raise ImportError(f"speech/languages/registry.py does not name {', '.join(sorted(missing))}")

FORMS: dict[Language, SpokenForms] = {tag: known.forms for tag, known in LANGUAGES.items()}
"""The spoken forms of each language."""


def first_in(region: str | None) -> Language | None:
    """The language that callers from a region (ISO 3166) hear first; None: the usual order."""
    return next((tag for tag, known in LANGUAGES.items() if region in known.regions), None)

"""How digits, letters, plates, counts and times are spoken in each language."""

from __future__ import annotations

from speech.language import Language
from speech.spoken.cantonese import CANTONESE
from speech.spoken.english import ENGLISH
from speech.spoken.forms import SpokenForms
from speech.spoken.putonghua import PUTONGHUA

FORMS: dict[Language, SpokenForms] = {
    Language.CANTONESE: CANTONESE,
    Language.PUTONGHUA: PUTONGHUA,
    Language.ENGLISH: ENGLISH,
}
"""The spoken forms of each language."""

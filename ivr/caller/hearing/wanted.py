"""Prompts that a scenario waits for, and checks whether they can be heard at all.

Separate from the recognition, so that a scenario can be checked without loading it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from prompts import catalogue
from prompts.catalogue import SlotKind
from speech.languages.language import Language
from speech.languages.registry import FORMS
from speech.spoken.forms import NotSpeakable
from speech.spoken.unit import Spoken

HONG_KONG = timezone(timedelta(hours=8), "HKT")


class CannotBeHeard(ValueError):
    """A prompt that can never be heard: it does not exist, or its slots cannot have these
    values."""


@dataclass(frozen=True)
class Wanted:
    """A prompt that is waited for.

    Attributes:
        slots: values that must be read out; slots that are not named may have any value.
        language: None for any.
    """

    name: str
    slots: Mapping[str, str] = field(default_factory=dict)
    language: Language | None = None

    def check(self) -> None:
        """Raises CannotBeHeard."""
        prompts = catalogue.load(self.language or Language.ENGLISH).prompts
        if self.name not in prompts:
            raise CannotBeHeard(f"the catalogue has no prompt {self.name}")
        self.check_slots(self.slots)
        kinds = prompts[self.name].slots
        for slot, value in self.slots.items():
            try:
                spoken_units(self.language or Language.ENGLISH, kinds[slot], value)
            except (NotSpeakable, ValueError) as failure:
                raise CannotBeHeard(f"{self.name}: {slot}: {failure}") from failure

    def check_slots(self, names: Iterable[str]) -> None:
        """Check that the prompt, which must exist, has these slots. Raises CannotBeHeard."""
        has = catalogue.load(self.language or Language.ENGLISH).prompts[self.name].slots
        for name in names:
            if name not in has:
                existing = ", ".join(has) or "none"
                raise CannotBeHeard(f"{self.name} has no slot {name}; its slots: {existing}")


def spoken_units(language: Language, kind: SlotKind, value: str) -> Spoken:
    """The units as which a value is read out. Raises NotSpeakable, ValueError."""
    forms = FORMS[language]
    match kind:
        case SlotKind.DIGITS:
            return forms.digits(value)
        case SlotKind.REFS:
            return forms.references(_several(value))
        case SlotKind.ENDINGS:
            return forms.endings(_several(value))
        case SlotKind.PLATE:
            return forms.plate(value)
        case SlotKind.NUMBER:
            return [forms.number(int(value))]
        case SlotKind.LETTER:
            return [forms.letter(value)]
        case SlotKind.KEY:
            return [forms.key(value)]
        case SlotKind.TIME:
            at = datetime.fromisoformat(value).astimezone(HONG_KONG)
            return forms.moment(at, datetime.now(HONG_KONG))


def _several(value: str) -> list[str]:
    """References as a scenario writes them."""
    return [reference.strip() for reference in value.split(",")]

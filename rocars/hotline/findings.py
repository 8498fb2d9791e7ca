"""What an officer of the hotline is shown of a subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rocars.cargo.by_agents import ByAgent
from rocars.hotline.subjects import Subject

HIDDEN = "***"


class Privacy(StrEnum):
    """How much of a value is shown before it was asked for in clear."""

    PUBLIC = "public"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True)
class Fact:
    """One thing held of a subject. `name` is looked up and translated where it is shown; `word`
    says that the value is too."""

    name: str
    value: str
    privacy: Privacy = Privacy.PUBLIC
    word: bool = False

    def shown(self, clear: bool) -> str:
        """The value, or as much of it as lets a caller be asked for the rest."""
        if clear or self.privacy is Privacy.PUBLIC or not self.value:
            return self.value
        return masked_number(self.value) if self.privacy is Privacy.NUMBER else HIDDEN


def masked_number(number: str) -> str:
    """As much of it as lets a caller be asked for the rest."""
    return HIDDEN + number[-3:] if len(number) > 5 else HIDDEN


@dataclass(frozen=True)
class Happening:
    """Something that happened.

    Args:
        channel: through which it came; `file` is batch upload, empty: not known, or by itself.
        place: name of the kiosk, code of the lane, or name of the officer.
        deed: a word that is looked up and translated where it is shown.
        subject: the bundle or consignment it is about, where that is not the one asked about.
        items: the data items that were amended.
        remark: the reason an officer gave.
        agent: who did it for their client.
    """

    at: datetime
    channel: str
    place: str
    deed: str
    subject: Subject | None = None
    items: tuple[str, ...] = ()
    remark: str = ""
    agent: ByAgent | None = None

    def agent_shown(self, clear: bool) -> str:
        """The agent's name, and the user ID or key of who it was there, as far as may be shown."""
        if self.agent is None:
            return ""
        if clear:
            return f"{self.agent.name} ({self.agent.user_id})"
        return f"{HIDDEN} ({masked_number(self.agent.user_id)})"


@dataclass(frozen=True)
class Live:
    """A live bundle: it may be unbundled on request, and its text message sent again. `number` is
    the masked telephone number of its driver, empty when none is known."""

    ubr: str
    number: str


@dataclass(frozen=True)
class Finding:
    """All that is known of a subject.

    Args:
        facts: in the order they are shown.
        related: other subjects one may go on to; those of `personal` only once shown in clear.
        happened: oldest first.
        live: the live bundles.
    """

    subject: Subject
    facts: tuple[Fact, ...]
    related: tuple[Subject, ...] = ()
    personal: tuple[Subject, ...] = ()
    happened: tuple[Happening, ...] = ()
    live: tuple[Live, ...] = ()

"""What a page asks of its handset, and what it is told; as JSON, beside frames of sound.

Sound goes both ways as it is on a line: a binary message is 20 ms of PCM (mono, s16le, 8000 Hz).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from speech.languages.language import Language

LARGEST_MESSAGE = 1024
"""Bytes of one message of a page; a frame of sound has 320."""

HEARTBEAT_S = 10.0
"""How often a browser is asked whether it is there; one that does not answer is hung up on."""

MOST_KEYS = 32
"""Keys of one message: longer than any answer."""


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PlaceCall(_Wish):
    """Call a number of the service.

    Attributes:
        caller: the calling number; empty: withheld.
        language: keyed as soon as the service asks for it; None: the person keys it.
        drafts: the person wants to hear their own drafts of recordings in it.
    """

    do: Literal["call"]
    number: str = Field(max_length=24)
    caller: str = Field("", pattern=r"^(\+?[0-9]{3,15})?$")
    language: Language | None = None
    drafts: bool = False


class PressKeys(_Wish):
    """Press keys one after the other. They may be a PIN: nobody writes them down."""

    do: Literal["keys"]
    keys: str = Field(pattern=r"^[0-9*#]+$", max_length=MOST_KEYS, repr=False)


class HangUp(_Wish):
    do: Literal["hang_up"]


class SaveAsTest(_Wish):
    """Make a scenario of the call that was over last, and is written down."""

    do: Literal["save"]


Wish = PlaceCall | PressKeys | HangUp | SaveAsTest
_WISHES: TypeAdapter[Wish] = TypeAdapter(Annotated[Wish, Field(discriminator="do")])


def wish_in(text: str) -> Wish:
    """Raises ValueError, whose text may hold what was keyed: it belongs in no log."""
    return _WISHES.validate_json(text)


@dataclass(frozen=True)
class State:
    """How far the call is: `calling`, `ringing`, `talking`, `over`, or `not_placed`.

    Attributes:
        why: of the last two, a word of a closed set (`Why`) or a cause of `ivr.telephony.ending`.
        status: of SIP, where one came.
    """

    kind: ClassVar[str] = "state"
    state: str
    why: str = ""
    status: int = 0


@dataclass(frozen=True)
class ChoiceTold:
    """A key of a menu, and the words with which it was offered, in the language of the call."""

    key: str
    text: str


@dataclass(frozen=True)
class ExpectsTold:
    """Which keys answer a question.

    Attributes:
        choices: of a menu; none for a field.
        fewest, most: digits of a field.
        hash_alone: # alone is an answer to it.
    """

    choices: tuple[ChoiceTold, ...] = ()
    fewest: int = 0
    most: int = 0
    hash_alone: bool = False


@dataclass(frozen=True)
class StepTold:
    """One step of the trace of the call, as the service wrote it down.

    Attributes:
        step: its kind, a word of `ivr.dialogue.trace.StepKind`.
        mode: `key` or `speech`, where the caller answered.
        confidence: of what was said, 0 to 1; None where nothing was, or it is secret.
        secret: the question is about a PIN or a code: what is keyed now is not to be shown.
        expects: of a question; None for other steps.
    """

    kind: ClassVar[str] = "step"
    step: str
    name: str
    text: str
    value: str
    mode: str
    ms: int
    language: str
    confidence: float | None
    secret: bool
    expects: ExpectsTold | None = None


@dataclass(frozen=True)
class SipTold:
    """One message of the SIP ladder; `after_ms` since the INVITE."""

    kind: ClassVar[str] = "sip"
    after_ms: int
    to_service: bool
    title: str
    text: str


@dataclass(frozen=True)
class Written:
    """The call is over and all of it is in the records: a scenario can be made of it."""

    kind: ClassVar[str] = "written"


@dataclass(frozen=True)
class ScenarioTold:
    """A scenario made of a call.

    Attributes:
        file: its name.
        why: why none could be made, in English; empty otherwise.
    """

    kind: ClassVar[str] = "scenario"
    file: str
    text: str
    why: str = ""


@dataclass(frozen=True)
class DriverTold:
    """A demonstration driver. `valid_ms`: until the code is another; None: once it is used."""

    user_id: str
    name: str
    language: str
    phone: str
    pin: str
    code: str
    valid_ms: int | None
    vehicles: tuple[str, ...]


@dataclass(frozen=True)
class CargoTold:
    """Cargo that is free to be bundled."""

    ccrn: str
    direction: str
    at_once: bool


@dataclass(frozen=True)
class TrialTold:
    """What there is to try now."""

    kind: ClassVar[str] = "trial"
    drivers: tuple[DriverTold, ...]
    cargo: tuple[CargoTold, ...]


Told = State | StepTold | SipTold | Written | ScenarioTold | TrialTold


def as_text(message: Told) -> str:
    """As the page reads it."""
    return json.dumps({"tell": message.kind} | _plain(message), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value

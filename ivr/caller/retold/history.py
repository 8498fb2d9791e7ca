"""The history of a call, as a scenario needs it, from whatever source.

All times are milliseconds since the call was answered. Values that differ from call to call are
replaced by variables: ``{user_id}``, ``{ccrn}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ground.refusal import Refusal
from ivr.caller.scenario.scenario import Given
from ivr.caller.wire.keys import KeyStyle

TRANSLATIONS = Path(__file__).with_name("translations")
"""What `CannotBeRetold` says, in the languages of the pages that tell it."""


class CannotBeRetold(Refusal):
    """A call that no scenario can repeat; the text says why, and what would help."""


@dataclass(frozen=True)
class Prompt:
    """A prompt that was played.

    Attributes:
        capture: slot by variable, for values that are first read out here.
        heard_to_ms: where it ended or was cut short.
        whole: it was heard to its end.
        latency_ms: from the caller's last key or word to its beginning, if it is what they waited
            for.
        first: the first prompt of one utterance.
        awaited: keys pressed before it began would have had another effect: no answer had come in
            time, or keys pressed before do not count.
        follows: it follows the previous prompt directly.
        any_order: one of several that come in an order that depends on the caller.
    """

    name: str
    language: str
    begins_ms: int
    heard_to_ms: int
    whole: bool
    slots: Mapping[str, str] = field(default_factory=dict)
    capture: Mapping[str, str] = field(default_factory=dict)
    latency_ms: int | None = None
    first: bool = True
    awaited: bool = False
    follows: bool = False
    any_order: bool = False


@dataclass(frozen=True)
class Pressed:
    """Keys, pressed one after the other.

    Attributes:
        at_ms: when the first was pressed.
        then_pause: a pause after them ended the input.
    """

    keys: str
    at_ms: int
    then_pause: bool = False


@dataclass(frozen=True)
class Spoke:
    """Words, or with `spelled` digits and letters one by one.

    Attributes:
        question: the prompt that asks for it again.
    """

    words: str
    at_ms: int
    language: str
    spelled: bool = False
    question: str = ""


@dataclass(frozen=True)
class Transferred:
    """The service had the caller connected elsewhere (REFER).

    Attributes:
        connected: the other party took the call, so that it ended for the service.
    """

    to: str
    at_ms: int
    connected: bool = False


Deed = Pressed | Spoke | Transferred


@dataclass(frozen=True)
class CallHistory:
    """One call.

    Attributes:
        from_number: a number of the same kind and country as the caller's, never theirs.
        answered_ms: from the INVITE to the 200.
        prompts, deeds: each in order of time.
        by_caller: the caller ended it, at `ended_ms`.
    """

    name: str
    dialled: str
    from_number: str
    style: KeyStyle
    answered_ms: int
    prompts: tuple[Prompt, ...]
    deeds: tuple[Deed, ...]
    by_caller: bool
    ended_ms: int


@dataclass(frozen=True)
class History:
    """The calls of one caller, one after the other, and what ROCARS must have before them."""

    name: str
    about: str
    given: Given
    calls: tuple[CallHistory, ...]

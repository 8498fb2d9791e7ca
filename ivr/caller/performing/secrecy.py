"""Masks the secrets of a scripted call. A secret is recognised by its value, not by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from urllib.parse import quote

from ivr.caller.hearing.prompt_detector import Detected
from ivr.caller.hearing.read_out import as_written
from ivr.caller.performing.results import MASK
from ivr.caller.scenario.scenario import names_in
from ivr.caller.scenario.steps import AnyStep, Press, Say, SendInfo
from ivr.caller.wire.message import Message
from prompts.script import UNIT_FOLDER
from speech.recognition.words import DIGITS


@dataclass
class Secrets:
    """The secrets of one call.

    Attributes:
        names: of the variables whose values are secret.
        variables: all values by name; what is captured is added while the call lasts.
    """

    names: frozenset[str]
    variables: dict[str, str] = field(repr=False)
    _steps: set[str] = field(default_factory=set, repr=False)
    """What the secret steps press, say or send."""

    @property
    def values(self) -> list[str]:
        """The secret values, the longest first, since one may be part of another."""
        found = {self.variables[name] for name in self.names if self.variables.get(name)}
        return sorted(found, key=len, reverse=True)

    def marked(self, written: AnyStep, step: AnyStep) -> AnyStep:
        """Mark the step as secret if it is: by its own field, by a variable that it was written
        with (a part of a PIN is as secret as the whole), or by a secret value in it."""
        if not isinstance(step, Press | Say | SendInfo):
            return step
        text = _text_of(step)
        by_name = not self.names.isdisjoint(names_in(written))
        if not (step.secret or by_name or any(value in text for value in self.values)):
            return step
        self._steps.add(text)
        return step.model_copy(update={"secret": True})

    def masked(self, text: str, step: AnyStep | None = None) -> str:
        """The text without secret values, whether in digits or in words, and without what a secret
        step presses or says."""
        own = _text_of(step) if isinstance(step, Press | Say | SendInfo) and step.secret else ""
        for value in (own, *self.values):
            for form in _forms(value):
                text = text.replace(form, MASK)
        return text

    def masked_message(self, message: Message) -> Message:
        """A SIP message as the ladder may show it; the body of a secret INFO is not shown at all.

        Its Content-Length then fits the text that is shown.
        """
        if message.body and message.body in self._steps:
            message = message.with_body(MASK)
        return Message(
            self.masked(message.start),
            tuple(self.masked(line) for line in message.headers),
            self.masked(message.body),
        )

    def read_out(self, detected: Sequence[Detected]) -> Iterator[tuple[int, int]]:
        """The places on the received line where a secret was read out, in ms: from its first unit
        to the end of its last. It counts whether the prompt was expected or not."""
        for is_units, run in groupby(detected, key=_is_unit):
            if is_units:
                yield from self._read_out_in(list(run))

    def _read_out_in(self, units: Sequence[Detected]) -> Iterator[tuple[int, int]]:
        text, places = "", []
        for unit in units:
            assert unit.known.language is not None
            written = as_written(unit.known.language, [unit])
            places += [unit] * len(written)
            text += written
        for value in self.values:
            plain = "".join(value.replace(",", "").split())
            at = text.find(plain) if plain else -1
            while at >= 0:
                first, last = places[at], places[at + len(plain) - 1]
                yield first.begins_ms, last.ends_ms
                at = text.find(plain, at + 1)


def _text_of(step: Press | Say | SendInfo) -> str:
    """What the step sends to the other side."""
    return step.body if isinstance(step, SendInfo) else str(getattr(step, step.action))


def _forms(value: str) -> Iterable[str]:
    """The forms in which texts may contain a value: unchanged, in a URI, digit by digit in
    words."""
    if not value:
        return
    yield value
    yield quote(value, safe="")
    if value.isascii() and value.isdigit() and len(value) > 1:
        for names in DIGITS.values():
            for between in (" ", "", ", ", ". "):
                yield between.join(names[int(digit)] for digit in value)


def _is_unit(recording: Detected) -> bool:
    return recording.known.language is not None and recording.known.name.startswith(
        f"{UNIT_FOLDER}/"
    )

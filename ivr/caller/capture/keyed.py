"""Assigns the keys of a captured call to questions, with variables in place of secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ivr.caller.capture.listening import KeyHeard
from ivr.caller.retold.answers import WRONG_CODE
from ivr.caller.retold.history import CannotBeRetold, Pressed, Prompt
from ivr.caller.retold.values import Values
from ivr.dialogue.universals import STAR, TERMINATOR

SECRET_QUESTIONS = {
    "login.user_id": "user_id",
    "login.pin": "pin",
    "login.known.pin": "pin",
    "login.code": "code",
}
LANGUAGE = ("welcome.greeting", "welcome.language")
"""Prompts while a caller chooses their language."""

IN_CLEAR = ("ccrn.", "vehicle.", "status.")
"""Prompts of questions whose digits are not secret."""

FEW = 3
"""So many keys in a row may be choices of menus."""


@dataclass(frozen=True)
class Digits:
    """The lengths of the secrets, from the settings of the service."""

    user_id: int
    pin: int
    code: int

    def after(self, name: str) -> str:
        """The question that follows in a log-in; empty after its end."""
        order = [name for name in ("user_id", "pin", "code") if getattr(self, name)]
        at = order.index(name) + 1
        return order[at] if at < len(order) else ""


@dataclass
class Keyed:
    """Goes through the keys of a call in order.

    Attributes:
        grace_ms: a # that comes so soon after an answer belongs to it.
    """

    digits: Digits
    values: Values
    practice: bool
    grace_ms: int
    _deeds: list[Pressed] = field(default_factory=list)
    _secret: str = ""
    """The secret that is being keyed, or that is expected next."""
    _so_far: int = 0
    _run: str = ""
    _began: int = 0
    _after_star: bool = False
    _chosen: bool = False
    _last_ms: int = 0
    _question: Prompt | None = None

    def deeds(
        self, keys: Sequence[tuple[int, KeyHeard]], prompts: Sequence[Prompt]
    ) -> list[Pressed]:
        """The keys as the scenario presses them. Raises CannotBeRetold if one may be a secret that
        cannot be identified."""
        for at_ms, key in keys:
            question = _last_before(prompts, at_ms)
            if question is None:
                raise CannotBeRetold(
                    "a key was pressed before anything was heard that is known: what it was for "
                    "cannot be told"
                )
            if key.key == TERMINATOR and self._belongs_to_what_was_before(at_ms):
                self._deeds[-1] = replace(self._deeds[-1], keys=self._deeds[-1].keys + TERMINATOR)
                continue
            if question is not self._question:
                self._asked(question)
            self._press(key.key, at_ms)
            self._last_ms = at_ms
        self._close()
        if self._question is not None and prompts:
            self._note_refusals(prompts)
        return self._deeds

    def _belongs_to_what_was_before(self, at_ms: int) -> bool:
        """Whether a # ends an answer that needed none: nothing has been keyed since that answer."""
        nothing_since = not (self._so_far or self._run or self._after_star)
        return bool(self._deeds) and nothing_since and at_ms - self._last_ms < self.grace_ms

    def _asked(self, question: Prompt) -> None:
        """A prompt was played since the last key."""
        self._close()
        self._question = question
        self._chosen = self._chosen and question.name not in LANGUAGE
        name = question.name.removesuffix(".say").removesuffix(".again")
        self._secret = SECRET_QUESTIONS.get(name, "")
        if question.name in ("login.refused", "login.expired"):
            self._secret = "user_id"

    def _press(self, key: str, at_ms: int) -> None:
        if self._after_star or key == STAR:
            self._close()
            self._after_star = key == STAR and not self._after_star
            self._deeds.append(Pressed(key, at_ms))
            return
        if self._secret:
            self._press_secret(key, at_ms)
            return
        if not self._run:
            self._began = at_ms
        self._run += key
        if key == TERMINATOR:
            self._close()
        elif self._is_language():
            self._close()
            self._secret, self._chosen = "user_id", True

    def _is_language(self) -> bool:
        """Whether the key chose a language: then keys pressed ahead belong to a log-in."""
        assert self._question is not None
        return self._question.name in LANGUAGE and not self._chosen

    def _press_secret(self, key: str, at_ms: int) -> None:
        if key == TERMINATOR:
            if self._so_far:
                self._part_of_secret()
            self._deeds.append(Pressed(key, at_ms))
            return
        if not self._so_far:
            self._began = at_ms
        self._so_far += 1
        if self._so_far == getattr(self.digits, self._secret):
            name, self._so_far = self._secret, 0
            self._deeds.append(Pressed(self._named(name), self._began))
            self._secret = self.digits.after(name)

    def _part_of_secret(self) -> None:
        """Too few digits were keyed: press as many of the right ones."""
        length, self._so_far = self._so_far, 0
        part = "1" * length if self.practice else f"{{{self._secret}[0:{length}]}}"
        self._deeds.append(Pressed(part, self._began))

    def _named(self, name: str) -> str:
        return "1" * int(getattr(self.digits, name)) if self.practice else f"{{{name}}}"

    def _close(self) -> None:
        """The answer that was being keyed is complete."""
        if self._so_far:
            self._part_of_secret()
        run, self._run = self._run, ""
        if not run:
            return
        assert self._question is not None
        ended = run.endswith(TERMINATOR)
        value = run.removesuffix(TERMINATOR)
        in_clear = self._question.name.startswith(IN_CLEAR) or self.practice
        written = None if self.practice else self.values.variable(value)
        if written is None and len(value) > FEW and not in_clear:
            raise CannotBeRetold(
                f"{len(value)} keys were pressed after {self._question.name}, which asks for no "
                "number: they may be a secret"
            )
        self._deeds.append(Pressed((written or value) + TERMINATOR * ended, self._began))

    def _note_refusals(self, prompts: Sequence[Prompt]) -> None:
        """A log-in that was refused must be refused again."""
        for refused in (prompt for prompt in prompts if prompt.name == "login.refused"):
            before = [
                at
                for at, deed in enumerate(self._deeds)
                if deed.keys == "{code}" and deed.at_ms < refused.begins_ms
            ]
            if before:
                self._deeds[before[-1]] = replace(self._deeds[before[-1]], keys=WRONG_CODE)


def _last_before(prompts: Sequence[Prompt], at_ms: int) -> Prompt | None:
    begun = [prompt for prompt in prompts if prompt.begins_ms <= at_ms]
    return begun[-1] if begun else None

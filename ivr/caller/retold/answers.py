"""What a caller did to give the answers in a trace, with secrets replaced by variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr.caller.retold.history import CannotBeRetold, Deed, Pressed, Spoke
from ivr.caller.retold.values import Values
from ivr.dialogue.collect import Ended
from ivr.dialogue.trace import MASK, StepKind
from ivr.dialogue.universals import AFTER_STAR, STAR, TERMINATOR, Universal
from ivr.records.call_search import CallStory
from ivr.records.models import CallStep

SECRETS = {"login.user_id": "user_id", "login.pin": "pin", "login.code": "code"}
"""Questions whose answers are not in the trace, and the variables that a scenario has for them."""

WRONG_CODE = "{code[1:]}{code[0:1]}"
"""The right code rotated: it is unknown what was wrong in a log-in that was refused."""

NO_ANSWER = "*5"
"""Keys that no answer can begin with. The trace does not tell which keys they were."""

SPELLED = (
    *("vehicle.first_letter", "vehicle.second_letter", "vehicle.only_letter"),
    "vehicle.in_code",
)
"""Questions for the characters of a mark."""

AFTER = {universal: key for key, universal in AFTER_STAR.items()}


@dataclass
class Answers:
    """The answers of one call.

    Attributes:
        last_part: the latest part of a cargo number that was asked for in parts.
    """

    story: CallStory
    values: Values
    last_part: str = ""
    _mark_is_given: bool = False
    """The mark that was keyed last is that of a vehicle of `given`: another one in each run."""
    _spelled: bool = False
    """The vehicle was given letter by letter, or in the code of two keys."""

    @property
    def _call_id(self) -> str:
        return self.story.call.call_id

    def deeds(self, at: int, asked_ms: int, before: list[Deed]) -> list[Deed]:
        """What the caller did to give the answer of step `at`, whose question was asked at
        `asked_ms`.

        Raises CannotBeRetold. A # that belonged to the previous answer is added to that one.
        """
        step = self.story.steps[at]
        if step.detail.get("before") and before and isinstance(before[-1], Pressed):
            before[-1] = replace(before[-1], keys=before[-1].keys + step.detail["before"])
        if step.detail.get("mode") == "speech":
            return [self._spoke(step, at, asked_ms + step.ms)]
        if "sent" not in step.detail:
            return []
        then_pause = step.detail.get("ended") == Ended.PAUSE
        return [Pressed(self._keys(step, at), asked_ms + step.ms, then_pause)]

    def _keys(self, step: CallStep, at: int) -> str:
        ended = step.detail.get("ended")
        if step.kind == StepKind.UNIVERSAL:
            universal = Universal(step.value)
            alone = universal is Universal.CLEAR and ended == Ended.PAUSE
            return STAR if alone else STAR + AFTER[universal]
        if not step.value and ended is None:
            return NO_ANSWER
        return self._answer(step, at) + (TERMINATOR if ended == Ended.HASH else "")

    def _answer(self, step: CallStep, at: int) -> str:
        """The digits of an answer, or the variable for them."""
        if step.name not in SECRETS or not step.value:
            if step.name == "ccrn.part":
                return self._part(step)
            return self._known(step)
        length = self._length(at)
        name = SECRETS[step.name]
        if self.story.call.practice and not (name == "user_id" and self.values.is_trainee):
            return "1" * length
        if step.kind == StepKind.NOMATCH:
            return f"{{{name}[0:{max(1, length // 2)}]}}"
        if name == "code" and self._refused(at):
            return WRONG_CODE
        return f"{{{name}}}"

    def _known(self, step: CallStep) -> str:
        if self.story.call.practice:
            return step.value
        written = self.values.variable(step.value)
        self._note_mark(step, written)
        if step.name == "ccrn":
            state = str(step.detail.get("why", ""))
            if state in ("ccrn.bundled", "ccrn.expired", "ccrn.crossed") and written is None:
                raise CannotBeRetold(
                    "cargo %(ccrn)s was not free before call %(call)s: name the call that bundled "
                    "it first, and this one after it",
                    ccrn=step.value,
                    call=self._call_id,
                )
        if written is not None and written.startswith("{ubr"):
            if not self.values.is_known(step.value):
                raise CannotBeRetold(
                    "the reference %(ubr)s is keyed before it is read out", ubr=step.value
                )
        elif step.name == "status.ubr" and self._came_of("status", step) == "ok":
            raise CannotBeRetold(
                "call %(call)s asks for the bundle %(ubr)s, which was made in another call: name "
                "that call first, and this one after it",
                call=self._call_id,
                ubr=step.value,
            )
        return written or step.value

    def check_vehicle(self, mark: str) -> None:
        """Raises CannotBeRetold for a mark that is read back, spelled by the caller, and another
        one in each run."""
        if self._spelled and mark in self.values.vehicles:
            raise CannotBeRetold(
                "call %(call)s spells the mark of one of the driver's own vehicles letter by "
                "letter; a scenario's driver has other marks",
                call=self._call_id,
            )

    def _note_mark(self, step: CallStep, written: str | None) -> None:
        if step.name == "vehicle.mark":
            self._mark_is_given = written is not None
        if step.name.startswith("vehicle."):
            self._spelled = step.name in SPELLED
        if self._spelled and self._mark_is_given:
            raise CannotBeRetold(
                "call %(call)s is asked for the letters of one of the driver's own vehicles; those "
                "of a scenario's driver have other letters",
                call=self._call_id,
            )

    def _part(self, step: CallStep) -> str:
        part = step.value if self.story.call.practice else self.values.part(step.value)
        self.last_part = part
        return part

    def _spoke(self, step: CallStep, at: int, at_ms: int) -> Spoke:
        words = str(step.detail.get("words", ""))
        question = _first_prompt(self.story.steps, at)
        if step.kind != StepKind.UNIVERSAL and (step.value == MASK or step.name in SECRETS):
            return Spoke(self._answer(step, at), at_ms, step.language, True, question)
        if step.kind != StepKind.UNIVERSAL and step.value:
            answer = self._answer(step, at)
            if answer.startswith("{"):
                return Spoke(answer, at_ms, step.language, True, question)
        if step.value.isdigit() and self._is_field(at):
            return Spoke(step.value, at_ms, step.language, True, question)
        if not words:
            raise CannotBeRetold(
                "call %(call)s: what was said at %(question)s was not understood, so that nobody "
                "can say it again",
                call=self._call_id,
                question=step.name,
            )
        return Spoke(words, at_ms, str(step.detail["language"]), False, question)

    def _is_field(self, at: int) -> bool:
        """Whether the question takes digits; a menu's answer is the key that stands for the
        words."""
        asked = [step for step in self.story.steps[:at] if step.kind == StepKind.ASKED]
        return bool(asked) and "digits" in asked[-1].detail.get("expects", ())

    def _length(self, at: int) -> int:
        """How many digits the question asks for."""
        for step in reversed(self.story.steps[:at]):
            if step.kind == StepKind.ASKED:
                for prompt in step.detail["prompts"]:
                    if "length" in prompt["slots"]:
                        return int(prompt["slots"]["length"])
        return 6

    def _refused(self, at: int) -> bool:
        """Whether the log-in that this answer completes was refused."""
        return self._next_came_to("log_in", at) == "LoginRefused"

    def _came_of(self, operation: str, answer: CallStep) -> str:
        return self._next_came_to(operation, list(self.story.steps).index(answer))

    def _next_came_to(self, operation: str, at: int) -> str:
        for step in self.story.steps[at:]:
            if step.kind == StepKind.BACK_END and step.name == operation:
                return step.value
        return ""


def _first_prompt(steps: Sequence[CallStep], at: int) -> str:
    """The prompt by which the question of an answer is recognised: its first choice, or its last
    prompt."""
    for step in reversed(steps[:at]):
        if step.kind == StepKind.ASKED:
            prompts = step.detail["prompts"]
            choices = (prompt["name"] for prompt in prompts if "key" in prompt["slots"])
            return str(next(choices, prompts[-1]["name"]))
    return ""

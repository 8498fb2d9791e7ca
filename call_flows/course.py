"""The course on the practice line: exercises in the prompts of the real service, each with a
verdict.

Each call logs in first, as each real one does, and goes on at the first step that is not done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from backend_client.errors import BackEndUnavailable
from backend_client.types import Driver, RehearsedStep
from call_flows.call_context import CallContext
from call_flows.cargo import MORE
from call_flows.entrance import log_in_or_enquire
from call_flows.main_menu import MAIN_MENU, serve
from call_flows.own_bundles import bundle_menu
from call_flows.rules import FlowRules
from call_flows.training_ground import TrainingGround
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import Cancelled, GaveUp, WentBack
from prompts.utterance import Phrase, SlotValue

Wish = Literal["do", "skip", "before", "stop"]


@dataclass(frozen=True)
class Exercise:
    """A step of the course after the log-in.

    Attributes:
        prompt: what is to be done, and with which keys.
        missed: said when it was not done: what is still missing.
        slots: the keys of the real menus, and the lengths of the rules in force.
    """

    step: RehearsedStep
    prompt: str
    missed: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)


def exercises_of(rules: FlowRules) -> tuple[Exercise, ...]:
    """The steps after the log-in, in their order."""
    bundling, own = MAIN_MENU.key_of("bundle"), MAIN_MENU.key_of("own_bundles")
    slots: dict[str, SlotValue] = {"menu": bundling, "length": rules.ccrn_min_digits}
    exercises = [Exercise(RehearsedStep.BUNDLE, "course.bundle", "course.bundle.missed", slots)]
    if rules.max_ccrns > 1:
        slots = {"menu": bundling, "add": MORE.key_of("add")}
        exercises.append(
            Exercise(RehearsedStep.BUNDLE_SEVERAL, "course.several", "course.several.missed", slots)
        )
    exercises.append(
        Exercise(RehearsedStep.HEAR, "course.hear", "course.hear.missed", {"menu": own})
    )
    if rules.unbundle_enabled:
        undo = bundle_menu(undo=True, more=False).key_of("undo")
        slots = {"menu": own, "undo": undo}
        exercises.append(
            Exercise(RehearsedStep.UNBUNDLE, "course.undo", "course.undo.missed", slots)
        )
    return tuple(exercises)


def step_menu(*, first: bool) -> Menu[Wish]:
    """What can be done with an exercise; before the first there is no other."""
    choices: list[Choice[Wish]] = [
        Choice("1", "do", "course.do"),
        Choice("2", "skip", "course.skip"),
    ]
    if not first:
        choices.append(Choice("3", "before", "course.before"))
    choices.append(Choice("9", "stop", "course.stop"))
    return Menu(name="course.step", help="course.help", choices=tuple(choices))


async def course(call: Conversation, context: CallContext, ground: TrainingGround) -> None:
    """From the log-in to the last step, or to the one at which the trainee stops."""
    exercises = exercises_of(context.rules)
    await call.say("course.begin")
    await call.say_all([number(call, 1, exercises), call.phrase("course.log_in")])
    driver = await log_in_or_enquire(call, context)
    verdict = [call.phrase("course.well_done")]
    done = await done_so_far(call, ground) or frozenset({RehearsedStep.LOG_IN})
    if done - {RehearsedStep.LOG_IN}:
        verdict.append(progress(call, done, exercises))
    at = next((at for at, exercise in enumerate(exercises) if exercise.step not in done), 0)
    while at < len(exercises):
        match await ask_wish(call, exercises, at, verdict):
            case "do":
                if await do_exercise(call, context, driver, ground, exercises[at]):
                    verdict = [call.phrase("course.well_done")]
                    done |= {exercises[at].step}
                    at += 1
                else:
                    verdict = [call.phrase(exercises[at].missed)]
            case "skip":
                verdict = []
                at += 1
            case "before":
                verdict = []
                at = max(at - 1, 0)
            case "stop":
                if await done_so_far(call, ground) is not None:  # it has been kept
                    await call.say("course.stopped")
                return
    await call.say_all([*verdict, progress(call, done, exercises)])


async def ask_wish(
    call: Conversation, exercises: Sequence[Exercise], at: int, verdict: Sequence[Phrase]
) -> Wish:
    """Say how the last step ended, where the trainee is and what is to be done; and ask."""
    exercise = exercises[at]
    opening = [
        *verdict,
        number(call, at + 2, exercises),
        call.phrase(exercise.prompt, exercise.slots),
    ]
    try:
        return (await call.choose(step_menu(first=at == 0), before=opening)).value
    except WentBack:
        return "before"
    except Cancelled:
        return "stop"


async def do_exercise(
    call: Conversation,
    context: CallContext,
    driver: Driver,
    ground: TrainingGround,
    exercise: Exercise,
) -> bool:
    """Let the trainee do it as on the real line, from the main menu on. Whether they did."""
    try:
        ground.begin(exercise.step)
        await serve(call, context, driver)
    except (WentBack, Cancelled, GaveUp):
        pass  # the verdict says what is missing
    return ground.achieved(exercise.step)


async def done_so_far(
    call: Conversation, ground: TrainingGround
) -> frozenset[RehearsedStep] | None:
    """What the trainee has done, kept now; None, and a word about it, where ROCARS cannot be
    reached."""
    try:
        return await call.wait_for(ground.done_so_far())
    except BackEndUnavailable:
        await call.say("course.not_kept")
        return None


def number(call: Conversation, step: int, exercises: Sequence[Exercise]) -> Phrase:
    """Where the trainee is; the first step is the log-in."""
    return call.phrase("course.step", {"step": step, "count": len(exercises) + 1})


def progress(
    call: Conversation, done: Collection[RehearsedStep], exercises: Sequence[Exercise]
) -> Phrase:
    """How many of the steps are done."""
    exercises_done = sum(exercise.step in done for exercise in exercises)
    return call.phrase("course.progress", {"done": exercises_done + 1, "count": len(exercises) + 1})

"""Prompts recorded by telephone: who, which, after the tone, heard back, kept or repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from call_flows.call_context import CallContext, Conclusion
from call_flows.recording_studio import (
    ClipToRecord,
    NotTaken,
    RecordingStudio,
    StudioAway,
    StudioLocked,
)
from call_flows.welcome import choose_language
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Field, Menu, Spoken
from ivr.dialogue.trace import hidden, last_three
from ivr.dialogue.turns import Cancelled, GaveUp, NotAccepted, WantsHotline, WentBack

NO_MORE = ""


class AfterRecording(Enum):
    KEEP = auto()
    AGAIN = auto()
    OTHER = auto()


OPERATOR_ID = Field(
    name="recording.operator_id",
    prompt="recording.operator_id",
    help="recording.operator_id.help",
    min_digits=4,
    max_digits=16,
    parse=str,
    shown_as=last_three,
    spoken=Spoken.NOTHING,
)

PIN = Field(
    name="recording.pin",
    prompt="recording.pin",
    help="recording.pin.help",
    min_digits=6,
    max_digits=12,
    parse=str,
    shown_as=hidden,
    spoken=Spoken.NOTHING,
)

NUMBER = Field(
    name="recording.number",
    prompt="recording.number",
    help="recording.number.help",
    min_digits=4,
    max_digits=6,
    parse=str,
    hash_alone=NO_MORE,
    spoken=Spoken.NOTHING,
)

KEEP = Menu(
    name="recording.choice",
    help="recording.choice.help",
    choices=(
        Choice("1", AfterRecording.KEEP, "recording.keep"),
        Choice("2", AfterRecording.AGAIN, "recording.again"),
        Choice("3", AfterRecording.OTHER, "recording.other"),
    ),
)


@dataclass
class Badge:
    """What an operator has keyed; the PIN stays out of every repr."""

    operator_id: str = ""
    pin: str = field(default="", repr=False)


async def record_prompts(call: Conversation, context: CallContext, studio: RecordingStudio) -> None:
    """Let an operator record prompts, one after another, until they hang up."""
    try:
        await call.say("recording.greeting")
        await choose_language(call, context)
        if await log_operator_in(call, context, studio):
            while clip := await choose_clip(call, studio):
                await record_one(call, context, studio, clip)
            context.notes.conclude(Conclusion.COMPLETED)
    except StudioLocked:
        context.notes.conclude(Conclusion.LOGIN_LOCKED)
        await call.say("recording.locked")
    except StudioAway:
        context.notes.conclude(Conclusion.ERROR)
        await call.say("recording.away")
    except (WentBack, Cancelled, WantsHotline, GaveUp):
        context.notes.conclude(Conclusion.COMPLETED)
    await call.say("goodbye.plain")


async def log_operator_in(
    call: Conversation, context: CallContext, studio: RecordingStudio
) -> bool:
    """Who is it? What was wrong is never said. False when all tries failed."""
    for _ in range(context.rules.login_tries):
        badge = Badge()
        await call.walk((ask_operator_id, ask_pin), call, badge)
        if await call.wait_for(studio.log_in(badge.operator_id, badge.pin)):
            return True
        context.notes.login_failures += 1
        await call.say("recording.refused")
    context.notes.conclude(Conclusion.LOGIN_REFUSED)
    return False


async def ask_operator_id(call: Conversation, badge: Badge) -> None:
    badge.operator_id = (await call.ask(OPERATOR_ID)).value


async def ask_pin(call: Conversation, badge: Badge) -> None:
    badge.pin = (await call.ask(PIN)).value


async def record_one(
    call: Conversation, context: CallContext, studio: RecordingStudio, clip: ClipToRecord
) -> None:
    """One prompt: what callers hear today, what is said now, and whether to keep it."""
    if clip.today:
        await call.say("recording.today")
        await call.play(f"recording.today {clip.name}", clip.today)
    while True:
        await call.say("recording.begin")
        spoken = await call.record(f"recording {clip.name}", context.rules.recording_longest_s)
        try:
            mended = await call.wait_for(studio.mended(clip, spoken))
        except NotTaken as why:
            await call.say(why.refusal)
            continue
        await call.say("recording.heard")
        await call.play(f"recording.heard {clip.name}", mended)
        choice = (await call.choose(KEEP)).value
        if choice is AfterRecording.AGAIN:
            continue
        if choice is AfterRecording.KEEP:
            await call.wait_for(studio.keep(clip, spoken), even_if_hung_up=True)
            context.notes.conclude(Conclusion.COMPLETED)
            await call.say("recording.kept")
        return


async def choose_clip(call: Conversation, studio: RecordingStudio) -> ClipToRecord | None:
    """The recording whose number is keyed; a number of none is said so. None: no more."""
    found: list[ClipToRecord] = []

    async def look_up(number: str) -> str:
        if number == NO_MORE:
            return number
        clip = await studio.clip(number, call.language)
        if clip is None:
            raise NotAccepted("recording.unknown", number=number)
        found.append(clip)
        return number

    await call.ask(NUMBER, settle=look_up)
    return found[-1] if found else None

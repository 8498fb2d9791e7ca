"""The practice line: by oneself, or guided by the course. Nothing is real."""

from __future__ import annotations

from typing import Literal

from call_flows.call_context import CallContext
from call_flows.course import course
from call_flows.entrance import log_in_or_enquire
from call_flows.main_menu import main_menu
from call_flows.training_ground import TrainingGround
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu

WAY: Menu[Literal["course", "alone"]] = Menu(
    name="practice.way",
    help="practice.help",
    choices=(
        Choice("1", "course", "practice.course"),
        Choice("2", "alone", "practice.alone"),
    ),
)


async def practise(call: Conversation, context: CallContext, ground: TrainingGround) -> None:
    """Say that nothing is real; then the course, or the service as the caller likes."""
    await call.say("practice.begin", barge_in=False)
    match (await call.choose(WAY)).value:
        case "course":
            await course(call, context, ground)
        case "alone":
            driver = await log_in_or_enquire(call, context)
            await main_menu(call, context, driver)

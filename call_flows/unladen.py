"""An empty vehicle: nothing to bundle."""

from __future__ import annotations

from ivr.dialogue.conversation import Conversation


async def unladen(call: Conversation) -> None:
    """Say that drivers of unladen vehicles need not call: they press a button at the kiosk."""
    await call.say("unladen.advice")

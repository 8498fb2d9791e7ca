"""Drivers log in; callers who only ask about a bundle need not."""

from __future__ import annotations

from backend_client.types import Driver
from call_flows.call_context import CallContext
from call_flows.enquiries import enquiries
from call_flows.login import WithoutLogin, login
from ivr.dialogue.conversation import Conversation


async def log_in_or_enquire(call: Conversation, context: CallContext) -> Driver:
    """The driver, once they have logged in; enquiries before that are answered."""
    while True:
        try:
            return await login(call, context)
        except WithoutLogin:
            await enquiries(call, context)

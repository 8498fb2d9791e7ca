"""Undoing a bundle, so that its cargo data can be amended and bundled again."""

from __future__ import annotations

import uuid

from backend_client.errors import (
    BackEndUnavailable,
    BundleNotLive,
    RocarsError,
    UnbundleDisabled,
    UnknownBundle,
)
from backend_client.types import Driver, Receipt
from call_flows.call_context import CallContext, Conclusion
from ivr.dialogue.conversation import Conversation


async def unbundle(
    call: Conversation, context: CallContext, driver: Driver, bundle: Receipt
) -> None:
    """Ask whether the driver is sure, undo the bundle, and say plainly whether that was done."""
    if not await call.confirm("unbundle.sure", ubr=bundle.ubr, vehicle=bundle.vehicle):
        await call.say("unbundle.kept")
        return
    key = uuid.uuid4().hex
    try:
        await call.wait_for(
            send(context, driver, bundle, key), filler="unbundle.working", even_if_hung_up=True
        )
    except BackEndUnavailable as away:
        context.notes.conclude(Conclusion.BACK_END_AWAY)
        if not away.uncertain:
            context.ledger.result_announced(key)
            raise
        await call.say("unbundle.not_confirmed", barge_in=False)
        return
    except (BundleNotLive, UnknownBundle):
        await call.say("unbundle.not_live", barge_in=False)
    except UnbundleDisabled:
        await call.say("unbundle.not_here", barge_in=False)
    else:
        await call.say("unbundle.done", barge_in=False, ubr=bundle.ubr)
    context.ledger.result_announced(key)


async def send(context: CallContext, driver: Driver, bundle: Receipt, key: str) -> None:
    """Send the request, written down before and after. Goes on when the caller hangs up."""
    await context.ledger.undoing(key, driver, bundle)
    try:
        undone = await context.rocars.unbundle(driver, bundle.ubr, idempotency_key=key)
    except BackEndUnavailable as away:
        settle = context.ledger.unknown if away.uncertain else context.ledger.refused
        await settle(key, str(away))
        raise
    except RocarsError as refusal:
        await context.ledger.refused(key, type(refusal).__name__)
        raise
    await context.ledger.confirmed(key, undone)

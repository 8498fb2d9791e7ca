"""Which ports each worker's line cards have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.telephony.settings import TelephonySettings

if TYPE_CHECKING:
    from ivr.settings.service import Settings

FIRST_CARD_PORT = 5070

TO_THE_END_S = 120.0
"""What is being told when time is up is told to its end, and the last words follow."""


def telephony_of(settings: Settings, slot: int) -> TelephonySettings:
    """The telephony settings of one worker: of its first line card; the others follow.

    The dialogue ends a call that is too long, at a pause. The line ends it by force only when that
    did not come about.
    """
    base = settings.telephony
    if base.longest_call_s:
        longest_s = base.longest_call_s + settings.dialogue.longer_s + TO_THE_END_S
        base = base.model_copy(update={"longest_call_s": longest_s})
    if base.sip_port == 0:
        base = base.model_copy(update={"sip_port": FIRST_CARD_PORT})
    if settings.sip.tls.on:
        base = base.model_copy(update={"srtp": True})
    return base.for_card(slot * settings.pool.cards_per_worker)

"""The ports of each worker's line cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.telephony.settings import TelephonySettings

if TYPE_CHECKING:
    from ivr.settings.service import Settings

FIRST_CARD_PORT = 5070

TO_THE_END_S = 120.0
"""When time is up, a running announcement is played to its end, and the closing message follows."""


def telephony_of(settings: Settings, slot: int) -> TelephonySettings:
    """The telephony settings of a worker's first line card; the ports of the others follow.

    The dialogue ends a call that is too long at a pause. The line ends it by force only if that
    fails.
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

"""The number of the one who calls, from all that an INVITE says of them."""

from __future__ import annotations

from ivr.records.calling_number import CallingNumber, NumberKind, calling_number
from ivr.telephony.identity import Identity
from ivr.telephony.invite import Invite

_DECIDES = (NumberKind.KNOWN, NumberKind.WITHHELD)


def caller_of(
    invite: Invite, default_region: str, trunk_region: str | None = None
) -> CallingNumber:
    """The first identity that is a telephone number, in the order of trust.

    Withheld, whatever else is there, if privacy is asked for or the From header calls itself
    anonymous (RFC 3323). Names of trunks and extensions, which some networks assert beside the
    number, are passed over.
    """
    if invite.private or not invite.identities:
        return CallingNumber(NumberKind.WITHHELD if invite.private else NumberKind.ABSENT)
    own = invite.identities[-1]
    if calling_number("1", display=own.display_name, host=own.host).withheld:
        return CallingNumber(NumberKind.WITHHELD)
    read = [_read(identity, default_region, trunk_region) for identity in invite.identities]
    return next((number for number in read if number.kind in _DECIDES), read[0])


def _read(identity: Identity, default_region: str, trunk_region: str | None) -> CallingNumber:
    return calling_number(
        identity.user,
        display=identity.display_name,
        host=identity.host,
        default_region=default_region,
        trunk_region=trunk_region,
    )

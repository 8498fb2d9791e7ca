"""Finds the caller's number in all that an INVITE says about who calls."""

from __future__ import annotations

from ivr.records.calling_number import CallingNumber, NumberKind, calling_number
from ivr.telephony.identity import Identity
from ivr.telephony.invite import Invite

_DECIDES = (NumberKind.KNOWN, NumberKind.WITHHELD)


def caller_of(
    invite: Invite, default_region: str, trunk_region: str | None = None
) -> CallingNumber:
    """Give the first identity that is a telephone number, in the order of trust.

    The number counts as withheld, whatever other headers say, if privacy is asked for or the From
    header is anonymous (RFC 3323, 4.1.1.3), at whatever host. Some networks also assert names of
    trunks and extensions; these are skipped.
    """
    if invite.private or not invite.identities:
        return CallingNumber(NumberKind.WITHHELD if invite.private else NumberKind.ABSENT)
    own = invite.identities[-1]
    if own.user.casefold() == "anonymous" or (
        calling_number("1", display=own.display_name, host=own.host).withheld
    ):
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

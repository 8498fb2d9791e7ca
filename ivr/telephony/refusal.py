"""Which INVITEs are refused before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ivr.telephony.invite import Invite
from ivr.telephony.status import FORBIDDEN, NOT_ACCEPTABLE_HERE, SERVICE_UNAVAILABLE

UNACCEPTABLE = "X-Rocars-Unacceptable"
"""Header in which the front says why an offer cannot be served: the value of a Warning header."""

BEHIND_NAT = "X-Rocars-Nat"
"""Header by which the front marks a peer that sits behind NAT, according to the settings."""


@dataclass(frozen=True)
class Refusal:
    """A final answer.

    Attributes:
        counted_as: its name in metrics and logs.
        recorded: whether the call gets a record: somebody may ask what became of it.
    """

    status: int
    counted_as: str
    headers: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False


class Refusals:
    """Refuses unknown peers, since the library answers anybody; and everybody during a drain."""

    def __init__(self, allowed: Iterable[IPv4Network], retry_after_s: int) -> None:
        self._allowed = tuple(allowed)
        self._retry_after_s = retry_after_s
        self.draining = False
        """While true, new calls get 503 with Retry-After."""

    def check(self, invite: Invite) -> Refusal | None:
        """How to refuse this INVITE; None if it is to be taken."""
        if not self._is_allowed(invite.source_address):
            return Refusal(FORBIDDEN, "refused_stranger")
        if self.draining:
            return Refusal(SERVICE_UNAVAILABLE, "refused_draining", self.retry_after())
        if warning := invite.headers.get(UNACCEPTABLE):
            # RFC 3264, 6; RFC 3261, 20.43.
            headers = {"Warning": warning}
            return Refusal(NOT_ACCEPTABLE_HERE, "refused_media", headers, recorded=True)
        return None

    def retry_after(self) -> Mapping[str, str]:
        """The Retry-After header of our 503s."""
        return {"Retry-After": str(self._retry_after_s)}

    def _is_allowed(self, address: str) -> bool:
        try:
            source = IPv4Address(address)
        except ValueError:
            return False
        return any(source in network for network in self._allowed)

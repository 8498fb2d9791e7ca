"""How values are shown to people. Words are in English here; templates translate them."""

from __future__ import annotations

from datetime import datetime

from rocars.clock import in_hong_kong

STATES = {
    "free": "not bundled",
    "bundled": "bundled",
    "crossed": "crossed",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "live": "live",
    "unbundled": "unbundled",
}
DEEDS = {
    "sent": "sent a message of orders",
    "lodged": "lodged",
    "amended": "amended",
    "withdrawn": "withdrawn",
    "bundled": "bundled with a vehicle",
    "unbundled": "unbundled",
    "crossed": "crossed the boundary",
}
DIRECTIONS = {"inbound": "inbound, to Hong Kong", "outbound": "outbound, from Hong Kong"}
YES_NO = {True: "yes", False: "no"}
KINDS = {"company": "company", "organisation": "organisation", "individual": "individual"}
APPLICATION_STATES = {
    "waiting": "waits for an officer",
    "asked": "an officer asks for more",
    "approved": "approved",
    "refused": "refused",
    "withdrawn": "withdrawn",
}
SPOKEN = {"yue": "Cantonese", "cmn": "Putonghua", "en": "English"}
ROLES = {"shipper": "shipper", "driver": "driver"}


def when(instant: datetime) -> str:
    """Day and minute, Hong Kong time."""
    return f"{in_hong_kong(instant):%Y-%m-%d %H:%M}"


def clock(instant: datetime) -> str:
    """Hour and minute, Hong Kong time."""
    return f"{in_hong_kong(instant):%H:%M}"


def listed(numbers: list[str]) -> str:
    return " ".join(numbers)

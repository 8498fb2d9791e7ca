"""What stands for a user ID that the caller did not give: locked, for a while, and told but for its
last three characters. It is kept nowhere; whoever holds the key ring can read it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from rocars.secrets.key_ring import KeyMissing, KeyRing

COUNTS = timedelta(minutes=30)
"""Longer than a call."""

_MARK = "~"
"""Begins no user ID."""

_TOLD = 3


def alias_of(user_id: str, keys: KeyRing, now: datetime) -> str:
    until = int((now + COUNTS).timestamp())
    locked = keys.lock_seed(json.dumps([user_id, until]).encode())
    return f"{_MARK}{locked}{_MARK}{user_id[-_TOLD:]}"


def user_id_of(keyed: str, keys: KeyRing, now: datetime) -> str:
    """What was keyed, or what the alias stands for; empty for one that does not count."""
    if not keyed.startswith(_MARK):
        return keyed
    try:
        user_id, until = json.loads(keys.unlock_seed(keyed[1:].rpartition(_MARK)[0]))
    except (KeyMissing, ValueError):
        return ""
    return str(user_id) if now.timestamp() < until else ""

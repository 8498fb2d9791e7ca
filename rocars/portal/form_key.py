"""The Idempotency-Key of a form: sent twice, it does once."""

from __future__ import annotations

import re
import secrets

from ground.web.forms import Form
from rocars.refusals import Code, Problem

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def new_key() -> str:
    return secrets.token_urlsafe(16)


def web_key(form: Form) -> str:
    """The key of a request that came by the portal: no other channel has the same."""
    return f"web-{key_of(form)}"


def key_of(form: Form) -> str:
    """The key that a form was made with. Raises Problem IDEMPOTENCY_KEY_MISSING."""
    key = form.text("key")
    if not _KEY.fullmatch(key):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    return key

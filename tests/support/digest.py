"""Digest authentication (RFC 2617) from both sides, for hand-made callers and registrars."""

from __future__ import annotations

import hashlib
import re


def parameters(header: str) -> dict[str, str]:
    """Of a challenge or of credentials."""
    return {
        name.lower(): quoted or plain
        for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', header)
    }


def response(fields: dict[str, str], username: str, password: str, method: str, uri: str) -> str:
    """What proves the password, for these nonce, realm and, where there is one, qop."""
    credentials = _md5(f"{username}:{fields['realm']}:{password}")
    request = _md5(f"{method}:{uri}")
    if "qop" in fields:
        middle = f"{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}"
    else:
        middle = fields["nonce"]
    return _md5(f"{credentials}:{middle}:{request}")


def credentials(challenge: str, username: str, password: str, method: str, uri: str) -> str:
    """The value of Authorization or Proxy-Authorization that answers a challenge."""
    asked = parameters(challenge)
    proof = response(
        {k: v for k, v in asked.items() if k != "qop"}, username, password, method, uri
    )
    return (
        f'Digest username="{username}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", '
        f'uri="{uri}", response="{proof}"'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

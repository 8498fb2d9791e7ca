"""Who calls, as the headers of an INVITE say it, and whether they want it said.

In order of trust: every value of P-Asserted-Identity (RFC 3325: the network vouches for it), then
Remote-Party-ID (its older form, which some PBXs still write), then From (which the caller's own
telephone writes). The front lets the first two through from peers that are believed only
(`believed` of a peer in `sip.peers`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Headers = Mapping[str, Sequence[str]]
"""All values of each header by its lower-case long name, in the order they came in."""

_ADDRESS = re.compile(
    r"""^\s*(?:(?P<name>"(?:[^"\\]|\\.)*"|[^<"]*?)\s*<(?P<bracketed>[^>]*)>|(?P<bare>[^\s;]+))""",
    re.DOTALL,
)
_VALUE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+', re.DOTALL)
_SIP = re.compile(r"^sips?:(?:(?P<user>[^@:?]*)(?::[^@]*)?@)?(?P<host>[^;?]*)", re.IGNORECASE)
_TEL = re.compile(r"^tel:(?P<number>[^?]*)", re.IGNORECASE)
_HIDES_NUMBER = frozenset({"id", "user", "header"})
_HIDES_PARTY = re.compile(r";\s*privacy\s*=\s*\"?(?:full|uri)\b", re.IGNORECASE)
_OTHER_PARTY = re.compile(r";\s*party\s*=\s*\"?(?!calling\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Identity:
    """One of the addresses a caller is known by.

    Attributes:
        user: user part of a SIP URI, or all of a tel URI, with its parameters (RFC 3966), of which
            phone-context is part of the number.
        host: host part of a SIP URI.
        display_name: without quotes.
    """

    user: str = ""
    host: str = ""
    display_name: str = ""


def identities(headers: Headers) -> tuple[Identity, ...]:
    """Everything the headers say about who calls, most trusted first; the last comes from From."""
    asserted = [value for text in headers.get("p-asserted-identity", ()) for value in _values(text)]
    party = [
        value
        for text in headers.get("remote-party-id", ())
        for value in _values(text)
        if not _OTHER_PARTY.search(value)
    ]
    found = [_identity(value) for value in (*asserted, *party)]
    return (
        *(identity for identity in found if identity.user),
        _identity((*headers.get("from", ()), "")[0]),
    )


def is_private(headers: Headers) -> bool:
    """Whether the caller's number is not to be shown (RFC 3323, 4.2; RFC 3325, 9.3).

    `session`, `history` and `critical` say nothing of the number; what else `critical` would ask of
    a network is done by leaving the number out.
    """
    asked = {
        word.strip(' \t"').lower()
        for text in headers.get("privacy", ())
        for word in re.split("[;,]", text)
    }
    if asked & _HIDES_NUMBER:
        return True
    return any(_HIDES_PARTY.search(text) for text in headers.get("remote-party-id", ()))


def name_and_uri(value: str) -> tuple[str, str]:
    """Display name and URI of a From-like header (RFC 3261, 20.10)."""
    match = _ADDRESS.match(" ".join(value.split()))
    if match is None:
        return "", ""
    if match["bare"] is not None:
        return "", match["bare"]
    name = (match["name"] or "").strip()
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, match["bracketed"].strip()


def _values(text: str) -> list[str]:
    """The values of a header that may have several (RFC 3261, 7.3.1)."""
    return [value.strip() for value in _VALUE.findall(text) if value.strip()]


def _identity(value: str) -> Identity:
    name, uri = name_and_uri(value)
    if (tel := _TEL.match(uri)) is not None:
        return Identity(tel["number"], "", name)
    if (sip := _SIP.match(uri)) is not None:
        return Identity(sip["user"] or "", sip["host"], name)
    return Identity(display_name=name)

"""What the tokens of an OpenID provider have to say before they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
"""Signatures with a public key alone: a secret that both sides know proves nothing to us."""
LEEWAY_S = 60
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
"""The event of a logout token (OpenID Connect Back-Channel Logout 1.0, 2.4)."""
LONGEST_NAME = 255
"""Characters of what a provider calls a person (OpenID Connect Core 1.0, 2) or a session."""


class TokenRefused(Exception):
    """What the provider sent proves nothing; it says why, to the log."""


@dataclass(frozen=True)
class LogOut:
    """Whom the provider has logged out: one session of theirs, or all.

    Attributes:
        subject: what it knows them by; empty where it names the session alone.
        session: what it calls the session; empty for all of the subject.
    """

    subject: str
    session: str


def must_let_in(claims: Mapping[str, Any], issuer: str, client: str, nonce: str) -> None:
    """Of an ID token whose signature is good (OpenID Connect Core 1.0, 3.1.3.7). Raises
    TokenRefused."""
    _must_be_for_us(claims, issuer, client, nonce={"essential": True, "value": nonce})
    # Meant for several, it names the one it was given to.
    shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if shared else client) != client:
        raise TokenRefused("the ID token was given to somebody else")
    if not named(claims, "sub"):
        raise TokenRefused("the ID token names nobody")


def logged_out(claims: Mapping[str, Any], issuer: str, client: str) -> LogOut:
    """Of a logout token whose signature is good (OpenID Connect Back-Channel Logout 1.0, 2.6).
    Raises TokenRefused."""
    _must_be_for_us(claims, issuer, client)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGGED_OUT), dict):
        raise TokenRefused("the token is not about a log-out")
    if "nonce" in claims:
        raise TokenRefused("an ID token is no logout token")
    log_out = LogOut(named(claims, "sub"), named(claims, "sid"))
    if not log_out.subject and not log_out.session:
        raise TokenRefused("the logout token names nobody")
    return log_out


def named(claims: Mapping[str, Any], claim: str) -> str:
    """What somebody or something is called; empty where it is not, or by no name."""
    name = claims.get(claim)
    return name if isinstance(name, str) and len(name) <= LONGEST_NAME else ""


def _must_be_for_us(claims: Mapping[str, Any], issuer: str, client: str, **more: Any) -> None:
    try:
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client},
            exp={"essential": True},
            iat={"essential": True},
            **more,
        ).validate(dict(claims))
    except (JoseError, ValueError) as failure:
        raise TokenRefused(f"the token is not good: {failure}") from failure

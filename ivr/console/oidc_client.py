"""The console as a client of an OpenID provider: the code flow with PKCE (OpenID Connect Core 1.0,
RFC 7636), and the log-out there."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, encode_basic_auth
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, ValidationError

from ivr.console.oidc_settings import OidcSettings, is_safe
from ivr.console.oidc_tokens import ALGORITHMS, LogOut, TokenRefused, logged_out, must_let_in

log = structlog.get_logger(__name__)

LARGEST_ANSWER = 1_000_000
READ_AGAIN_S = 3600.0
"""How long what the provider says of itself is good."""


class ProviderAway(Exception):
    """The provider does not answer, or not as one does."""


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3, and RP-Initiated Logout
    1.0, 2.1)."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass(frozen=True)
class Secrets:
    """What one log-in is known by, all of one random text that the browser keeps: nobody else can
    end what it has begun, and no node has to remember it."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def of(cls, kept: str) -> Secrets:
        return cls(*(_digest(f"{use} {kept}") for use in ("state", "nonce", "verifier")))

    @property
    def challenge(self) -> str:
        return _digest(self.verifier)


@dataclass(frozen=True)
class Identity:
    """Whom the provider has let in.

    Attributes:
        subject: what it knows them by, for good.
        claims: all that it says of them.
        id_token: what it says it with, to go back to it when they log out.
    """

    subject: str
    claims: Mapping[str, Any]
    id_token: str = field(repr=False)


class OidcClient:
    """Everything may raise ProviderAway, and TokenRefused once somebody has come back."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: jwk.KeySet | None = None

    async def begin(self, secrets: Secrets, redirect_uri: str) -> str:
        """Where the browser goes."""
        metadata, settings = await self._known(), self._settings
        query = urlencode(
            {
                "response_type": "code",
                "client_id": settings.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(settings.scopes),
                "state": secrets.state,
                "nonce": secrets.nonce,
                "code_challenge": secrets.challenge,
                "code_challenge_method": "S256",
            },
            quote_via=quote,
        )
        there = metadata.authorization_endpoint
        return f"{there}{'&' if '?' in there else '?'}{query}"

    async def identity(self, code: str, secrets: Secrets, redirect_uri: str) -> Identity:
        """Who has come back with this code."""
        metadata, settings = await self._known(), self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": secrets.verifier,
        }
        secret, login = settings.client_secret.get_secret_value(), ""
        if secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # Each is written as a form would have it first (RFC 6749, 2.3.1).
            login = encode_basic_auth(quote(settings.client_id, safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": settings.client_id}
            form |= {"client_secret": secret} if secret else {}
        given = await self._asked(metadata.token_endpoint, login, form)
        id_token = given.get("id_token")
        if not isinstance(id_token, str):
            raise TokenRefused("there is no ID token")
        claims = await self._claims(metadata, id_token)
        must_let_in(claims, settings.issuer, settings.client_id, secrets.nonce)
        if not {settings.groups_claim, settings.name_claim} <= claims.keys():
            claims = {**await self._user_info(metadata, given, claims["sub"]), **claims}
        return Identity(claims["sub"], claims, id_token)

    async def leaving(self, id_token: str, state: str, back: str) -> str | None:
        """Where the browser goes of somebody who logs out (OpenID Connect RP-Initiated Logout 1.0,
        2), and comes `back` from with the `state`; None where the provider has no such place."""
        there = (await self._known()).end_session_endpoint
        if there is None:
            return None
        asked = {
            "client_id": self._settings.client_id,
            "post_logout_redirect_uri": back,
            "state": state,
        }
        if id_token:
            asked["id_token_hint"] = id_token
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked, quote_via=quote)}"

    async def ended(self, logout_token: str) -> LogOut:
        """Whom the provider says that it has logged out."""
        settings = self._settings
        claims = await self._claims(await self._known(), logout_token)
        return logged_out(claims, settings.issuer, settings.client_id)

    async def _claims(self, metadata: Metadata, token: str) -> dict[str, Any]:
        """What a token says that the provider has signed."""
        try:
            return (await self._decoded(metadata, token)).claims
        except (JoseError, ValueError) as failure:
            raise TokenRefused(f"the token is not good: {failure}") from failure

    async def _decoded(self, metadata: Metadata, token: str) -> jwt.Token:
        """Raises JoseError, ValueError."""
        if self._keys is not None:
            try:
                return jwt.decode(token, self._keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                log.info("the keys of the provider are read anew")  # it may have changed them
        given = await self._asked(metadata.jwks_uri)
        try:
            self._keys = jwk.KeySet.import_key_set({"keys": given["keys"]})
        except (JoseError, LookupError, TypeError, ValueError, AttributeError) as failure:
            raise ProviderAway(f"its keys cannot be read: {failure}") from failure
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS)

    async def _user_info(
        self, metadata: Metadata, given: Mapping[str, Any], subject: str
    ) -> dict[str, Any]:
        """What the ID token does not say, if the provider has more."""
        bearer = given.get("access_token")
        if metadata.userinfo_endpoint is None or not isinstance(bearer, str):
            return {}
        claims = await self._asked(metadata.userinfo_endpoint, f"Bearer {bearer}")
        if claims.get("sub") != subject:
            raise TokenRefused("the user info is somebody else's")
        return claims

    async def _known(self) -> Metadata:
        if self._metadata is not None and time.monotonic() - self._metadata[0] < READ_AGAIN_S:
            return self._metadata[1]
        issuer = self._settings.issuer
        given = await self._asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = Metadata.model_validate(given)
        except ValidationError as failure:
            raise ProviderAway(f"it does not say what it offers: {failure}") from failure
        if metadata.issuer != issuer:
            raise ProviderAway(f"it calls itself {metadata.issuer}")
        endpoints = (
            *(metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri),
            *((metadata.userinfo_endpoint,) if metadata.userinfo_endpoint is not None else ()),
        )
        for endpoint in endpoints:
            self._must_be_configured(endpoint)
        try:
            self._must_be_configured(metadata.end_session_endpoint or issuer)
        except ProviderAway as failure:  # people log in all the same
            log.warning("nobody is logged out at the provider", why=str(failure))
            metadata = metadata.model_copy(update={"end_session_endpoint": None})
        self._metadata = time.monotonic(), metadata
        return metadata

    def _must_be_configured(self, url: str) -> None:
        """No name is looked up that nobody has configured. Raises ProviderAway."""
        hosts = {urlsplit(self._settings.issuer).hostname, *map(str.lower, self._settings.hosts)}
        if not is_safe(url) or urlsplit(url).hostname not in hosts:
            raise ProviderAway(f"it sends us to {url}, which is not in console.oidc.hosts")

    async def _asked(
        self, url: str, authorization: str = "", form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object that it answers with, to a form where there is one."""
        headers = {"Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        timeout = ClientTimeout(total=self._settings.timeout_s)
        try:
            async with (
                ClientSession(timeout=timeout, cookie_jar=DummyCookieJar()) as session,
                session.request(
                    "GET" if form is None else "POST",
                    url,
                    data=form,
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                body = bytearray()
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        raise ProviderAway(f"{url} answers with too much")
                status, found = answer.status, json.loads(body)
        except (ClientError, TimeoutError, OSError, ValueError) as failure:
            raise ProviderAway(f"{url}: {type(failure).__name__} {failure}") from failure
        if not isinstance(found, dict):
            raise ProviderAway(f"{url} answers with no JSON object")
        if status == HTTPStatus.BAD_REQUEST and "error" in found:  # RFC 6749, 5.2
            raise TokenRefused(f"{url}: {found['error']}")
        if status != HTTPStatus.OK:
            raise ProviderAway(f"{url} answers {status}: {found.get('error', '')}")
        return found


def _digest(text: str) -> str:
    """SHA-256 as base64url, 43 characters."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")

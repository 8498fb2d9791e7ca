"""A small OpenID provider (OpenID Connect Core 1.0, code flow with PKCE; RP-Initiated and
Back-Channel Logout 1.0) that lets in whom a test names, and can sign what none should."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from joserfc import jwk, jwt
from yarl import URL

CLIENT = "console"
SECRET = "what the console & the provider know"
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Provider</title>
<link rel="icon" href="data:,"></head><body>
<a href="{there}">Go on</a></body></html>"""


@dataclass
class OpenIdProvider:
    """Serves on a port of its own (`start`).

    Attributes:
        claims: of whoever logs in next.
        changed: claims of ID tokens that are other than they should be; None: left out.
        user_info: what its user info says.
        metadata: what it says of itself other than it should.
        signs_with: the key of the next ID tokens, where it is not the published one.
        asks: shows a page before it sends the browser back.
        begun: how many log-ins have come so far.
        left: the subjects that were logged out here, None for one that came without an ID token.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    user_info: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    key: jwk.ECKey = field(default_factory=lambda: new_key("first"))
    signs_with: jwk.Key | None = None
    algorithm: str = "ES256"
    asks: bool = False
    begun: int = 0
    left: list[str | None] = field(default_factory=list)
    issuer: str = ""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/realm/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/realm/authorize", self._authorize)
        app.router.add_post("/realm/token", self._token)
        app.router.add_get("/realm/keys", self._keys)
        app.router.add_get("/realm/user", self._user)
        app.router.add_get("/realm/leave", self._leave)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.issuer = f"http://127.0.0.1:{self._runner.addresses[0][1]}/realm"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _configuration(self, request: web.Request) -> web.Response:
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/user",
            "end_session_endpoint": f"{self.issuer}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }
        return web.json_response(known | self.metadata)

    async def _authorize(self, request: web.Request) -> web.Response:
        self.begun += 1
        asked = dict(request.query)
        right = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        assert right.items() <= asked.items()
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        there = str(URL(asked["redirect_uri"]).with_query(back))
        if self.asks:
            page = PAGE.format(there=there.replace("&", "&amp;"))
            return web.Response(text=page, content_type="text/html")
        raise web.HTTPFound(there)

    async def _token(self, request: web.Request) -> web.Response:
        given = await request.post()
        kind, _, login = request.headers["Authorization"].partition(" ")
        named, _, secret = base64.b64decode(login).decode().partition(":")
        if kind != "Basic" or (unquote(named), unquote(secret)) != (CLIENT, SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self._codes.pop(str(given.get("code")), None)  # a code is good once
        if asked is None or given["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        digest = hashlib.sha256(str(given["code_verifier"]).encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(
            {
                "access_token": "opens the user info",
                "token_type": "Bearer",
                "id_token": self._signed(asked["nonce"]),
            }
        )

    async def _leave(self, request: web.Request) -> web.Response:
        asked = request.query
        assert asked["client_id"] == CLIENT
        hint = asked.get("id_token_hint")
        subject = None
        if hint is not None:  # of a token that has expired, too
            claims = jwt.decode(hint, self.key, algorithms=["ES256"]).claims
            assert claims["iss"] == self.issuer
            subject = claims["sub"]
        self.left.append(subject)
        there = str(URL(asked["post_logout_redirect_uri"]).with_query(state=asked["state"]))
        raise web.HTTPFound(there)

    def logout_token(self, **changed: Any) -> str:
        """As it is sent to the console, with some claims other than they should be; None: left
        out."""
        right = {
            "iss": self.issuer,
            "aud": CLIENT,
            "jti": secrets.token_hex(8),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        return self._token_of(right | changed)

    def _signed(self, nonce: str) -> str:
        right = {"iss": self.issuer, "aud": CLIENT, "nonce": nonce}
        return self._token_of(right | self.claims | self.changed)

    def _token_of(self, given: Mapping[str, Any]) -> str:
        at = int(time.time())
        claims: dict[str, Any] = {"iat": at, "exp": at + 60, **given}
        claimed = {name: value for name, value in claims.items() if value is not None}
        key = self.signs_with or self.key
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "none":  # no library writes that any more
            return f"{_encoded(header)}.{_encoded(claimed)}."
        return jwt.encode(header, claimed, key, algorithms=[self.algorithm])

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def _user(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer opens the user info"
        return web.json_response(self.user_info)


def _encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def new_key(name: str) -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-256", {"kid": name, "use": "sig", "alg": "ES256"})


def somebody(**claims: Any) -> Mapping[str, Any]:
    """Claims of a reviewer, or of somebody who differs in these."""
    return {
        "sub": "1001",
        "preferred_username": "Wong.MC@example.hk",
        "name": "Wong Mei Chun",
        "groups": ["everybody", "ivr-reviewers"],
    } | claims

"""Logging out of the OpenID provider too, and being logged out by it."""

from __future__ import annotations

import secrets
from hmac import compare_digest

import structlog
from aiohttp import web

from ground.web.forms import read_form
from ground.web.navigation import PageModule
from ivr.console.door.cookies import drop, keep, kept
from ivr.console.door.guard import place_of_request
from ivr.console.oidc_client import ProviderAway
from ivr.console.oidc_tokens import TokenRefused
from ivr.console.rendering import render, tell, words_for
from ivr.console.site import SITE
from ivr.observe import metrics
from ivr.records.audit import deeds_from
from ivr.records.roles import Role
from ivr.records.web_sessions import ProviderSession

log = structlog.get_logger(__name__)

OUT = "/login/provider/out"
LEAVING = "rocars_leaving"
"""Cookie of a log-out that the provider is asked for: the text that it has to bring back."""
LEAVING_GOOD_S = 900


def routes() -> list[web.RouteDef]:
    return [web.get(OUT, _out), web.post("/login/provider/ended", _ended)]


PAGES: PageModule[Role] = PageModule(routes)


async def leave(request: web.Request, ended: ProviderSession) -> web.Response | None:
    """The page that leads to the provider somebody who has logged out of a session that it has
    begun; None where there is no way. It leads there by itself: the form that logs out may lead to
    no other site (form-action)."""
    site, _ = request.app[SITE], words_for(request)
    if site.provider is None or not site.rules.oidc.log_out_there:
        return None
    state = secrets.token_urlsafe(32)
    back = f"{site.rules.public_url.rstrip('/')}{OUT}"
    try:
        there = await site.provider.leaving(ended.id_token, state, back)
    except ProviderAway as failure:
        log.error("the identity provider cannot be used", why=str(failure))
        title = site.rules.oidc.title
        sentence = _("%(provider)s does not answer: there you may be logged in still.")
        tell(request, sentence % {"provider": title}, bad=True)
        return None
    if there is None:
        return None
    page = render(request, "leaving.html.j2", None, there=there, provider=site.rules.oidc.title)
    keep(request, page, LEAVING, state, LEAVING_GOOD_S)
    return page


async def _out(request: web.Request) -> web.StreamResponse:
    """The provider has sent the browser back of somebody who has logged out there."""
    site, _ = request.app[SITE], words_for(request)
    if site.provider is None:
        raise web.HTTPNotFound
    begun, state = kept(request, LEAVING), request.query.get("state", "")
    if begun and compare_digest(state.encode(), begun.encode()):
        sentence = _("You are logged out, of %(provider)s too.")
        tell(request, sentence % {"provider": site.rules.oidc.title})
    answer = web.HTTPSeeOther("/login")
    drop(request, answer, LEAVING)
    raise answer


async def _ended(request: web.Request) -> web.StreamResponse:
    """Asked by the provider, for every session that it ends (OpenID Connect Back-Channel Logout
    1.0, 2.5). That of somebody who is logged out already is nothing wrong."""
    site = request.app[SITE]
    if site.provider is None:
        raise web.HTTPNotFound
    address = place_of_request(request)
    if not site.ended_throttle.allows(address):
        return _answer(429, error="temporarily_unavailable")
    form = await read_form(request)
    try:
        log_out = await site.provider.ended(form.text("logout_token"))
    except (TokenRefused, ProviderAway) as refusal:
        log.warning("a log-out of the provider was not taken", why=str(refusal), address=address)
        metrics.console_logins_total.labels("refused").inc()
        return _answer(400, error="invalid_request")
    with deeds_from(address=address):
        issuer = site.rules.oidc.issuer
        await site.people.sessions.end_at_provider(issuer, log_out.subject, log_out.session)
    return _answer(200)


def _answer(status: int, **body: str) -> web.Response:
    """To be kept by nobody (2.8)."""
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})

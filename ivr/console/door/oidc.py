"""Logging in with an account of the OpenID provider. Local accounts log in as ever."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, unquote

import structlog
from aiohttp import web

from ground.web.navigation import PageModule
from ground.web.requests import own_path
from ivr.console.door.cookies import drop, keep, kept
from ivr.console.door.entering import DEVICE, agent_of, let_in, login_page
from ivr.console.door.guard import place_of_request
from ivr.console.oidc_client import Identity, ProviderAway, Secrets
from ivr.console.oidc_settings import OidcSettings
from ivr.console.oidc_tokens import TokenRefused, named
from ivr.console.rendering import words_for
from ivr.console.site import SITE
from ivr.observe import metrics
from ivr.records import audit
from ivr.records.provider_accounts import PROVIDER, NotLetIn, ProvidedPerson
from ivr.records.roles import Role
from ivr.records.web_sessions import ProviderSession

log = structlog.get_logger(__name__)

BACK = "/login/provider/back"
BEGUN = "rocars_oidc"
"""Cookie of a log-in that was begun: the text that its secrets come from, and where it leads."""
BEGUN_GOOD_S = 900
LONGEST_HINT = 6000
"""Characters of an ID token that goes back to the provider at log-out, in an address; servers take
8,000 of one at least (RFC 9110, 4.1). Without it the provider asks who is to be logged out."""


def routes() -> list[web.RouteDef]:
    """Reached by links, not by forms: pages let no form lead to another site (form-action)."""
    return [web.get("/login/provider", _begin), web.get(BACK, _back)]


PAGES: PageModule[Role] = PageModule(routes)


async def _begin(request: web.Request) -> web.StreamResponse:
    site, there = request.app[SITE], own_path(request.query.get("next", "/"))
    if site.provider is None:
        raise web.HTTPNotFound
    begun = random.token_urlsafe(32)
    try:
        address = await site.provider.begin(Secrets.of(begun), _redirect_uri(request))
    except ProviderAway as failure:
        return _away(request, there, failure)
    answer = web.HTTPSeeOther(address)
    keep(request, answer, BEGUN, f"{begun}.{quote(there, safe='')}", BEGUN_GOOD_S)
    raise answer


async def _back(request: web.Request) -> web.StreamResponse:
    """The provider has sent the browser back, with a code or a refusal."""
    site, _ = request.app[SITE], words_for(request)
    if site.provider is None:
        raise web.HTTPNotFound
    begun, _dot, there = kept(request, BEGUN).partition(".")
    there = own_path(unquote(there))
    if not site.throttle.allows(place_of_request(request)):
        metrics.console_logins_total.labels("throttled").inc()
        problem = _("Too many log-ins from your address. Wait a minute.")
        return login_page(request, there, problem, 429)
    try:
        answer = await _come_back(request, begun, there)
    except ProviderAway as failure:
        answer = _away(request, there, failure)
    except TokenRefused as refusal:
        log.warning("the provider's answer was not taken", why=str(refusal))
        answer = await _refused(request, there, PROVIDER, "not proved")
    except NotLetIn as refusal:
        answer = await _refused(request, there, refusal.name, refusal.why)
    drop(request, answer, BEGUN)
    if isinstance(answer, web.HTTPException):
        raise answer
    return answer


async def _come_back(request: web.Request, begun: str, there: str) -> web.Response:
    """Raises ProviderAway, TokenRefused, NotLetIn."""
    site, query = request.app[SITE], request.query
    secrets = Secrets.of(begun)
    if not begun or not compare_digest(query.get("state", "").encode(), secrets.state.encode()):
        raise TokenRefused("that log-in was not begun in this browser, or too long ago")
    settings = site.rules.oidc
    if query.get("iss", settings.issuer) != settings.issuer:  # RFC 9207
        raise TokenRefused("the answer is another provider's")
    if "error" in query or not query.get("code"):
        raise TokenRefused(f"the provider refused: {query.get('error', 'no code')[:100]}")
    assert site.provider is not None
    identity = await site.provider.identity(query["code"], secrets, _redirect_uri(request))
    person = await site.provider_accounts.account_of(_provided(settings, identity))
    visitor = await site.people.let_in(
        person,
        place_of_request(request),
        kept(request, DEVICE),
        agent_of(request),
        provider=_begun_by(identity),
    )
    return await let_in(request, visitor, there)


def _provided(settings: OidcSettings, identity: Identity) -> ProvidedPerson:
    """Raises NotLetIn where none of their groups has a role."""
    name = _text(identity.claims, settings.name_claim).partition("@")[0].lower()
    groups = identity.claims.get(settings.groups_claim)
    of_theirs = groups if isinstance(groups, list) else [groups]
    held = {role for group, role in settings.roles.items() if group in of_theirs}
    if not held:
        raise NotLetIn("no group", name)
    return ProvidedPerson(
        issuer=settings.issuer,
        subject=identity.subject,
        name=name,
        full_name=_text(identity.claims, "name"),
        role=max(held, key=list(Role).index),
    )


def _begun_by(identity: Identity) -> ProviderSession:
    hint = identity.id_token if len(identity.id_token) <= LONGEST_HINT else ""
    return ProviderSession(hint, named(identity.claims, "sid") or None)


def _text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that people read, without what cannot be read."""
    given = claims.get(name)
    return "".join(c for c in given if c.isprintable())[:200] if isinstance(given, str) else ""


def _away(request: web.Request, there: str, failure: ProviderAway) -> web.Response:
    log.error("the identity provider cannot be used", why=str(failure))
    metrics.console_logins_total.labels("provider_away").inc()
    _ = words_for(request)
    problem = _("%(provider)s does not answer. Who has a local account can log in with it.")
    title = request.app[SITE].rules.oidc.title
    return login_page(request, there, problem % {"provider": title}, 503)


async def _refused(request: web.Request, there: str, name: str, why: str) -> web.Response:
    """Raises RecordsUnavailable."""
    site, _ = request.app[SITE], words_for(request)
    metrics.console_logins_total.labels("refused").inc()
    address = place_of_request(request)
    await audit.write(
        site.records,
        name or PROVIDER,
        "log-in failed",
        name or PROVIDER,
        by="provider",
        why=why,
        address=address,
    )
    problems = {
        "no group": _("You are in none of the groups that may use the console."),
        "deactivated": _("Your account is deactivated."),
        "name taken": _(
            "There is a local account of your name. An administrator has to hand it over to you."
        ),
    }
    other = _("%(provider)s did not let you in, or that took too long. Begin anew.")
    problem = problems.get(why, other) % {"provider": site.rules.oidc.title}
    return login_page(request, there, problem, 403)


def _redirect_uri(request: web.Request) -> str:
    return f"{request.app[SITE].rules.public_url.rstrip('/')}{BACK}"

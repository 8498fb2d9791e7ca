"""The API over HTTP: who is admitted, and how refusals are told to programs."""

from __future__ import annotations

import asyncio
import functools
import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from pydantic import ValidationError

from ground.web.forms import check_text
from ivr.console.api.bodies import read_body
from ivr.console.api.endpoint import Asked, Endpoint, Query, Refused, wrong_in
from ivr.console.api.endpoints import ENDPOINTS
from ivr.console.api.messages import Problem
from ivr.console.api.openapi import ROOT, describe
from ivr.console.door.guard import place_of_request
from ivr.console.site import SITE
from ivr.observe import metrics
from ivr.records.audit import deeds_from
from ivr.records.database import RecordsUnavailable
from ivr.records.token_tables import ApiToken, Scope

log = structlog.get_logger(__name__)

_BEARER = re.compile(r"Bearer +([!-~]{1,200}) *", re.IGNORECASE)
_WAIT_S = "60"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes() -> list[web.RouteDef]:
    async def described(request: web.Request) -> web.Response:
        text = await asyncio.to_thread(_description)
        return web.Response(text=text, content_type="application/json")

    return [
        web.get(f"{ROOT}/openapi.json", described),
        *(
            web.route(endpoint.method, f"{ROOT}{endpoint.path}", _handler(endpoint))
            for endpoint in ENDPOINTS
        ),
    ]


@functools.cache
def _description() -> str:
    """The OpenAPI document, made when somebody asks for it: it takes a while, and few do."""
    return json.dumps(describe(ENDPOINTS))


def _handler(endpoint: Endpoint) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        token = await _admitted(request, endpoint.scope)
        query = _understood(request, endpoint)
        body, sound = await read_body(request, endpoint)
        asked = Asked(request.app[SITE], token, request.match_info, query, body, sound)
        with deeds_from(address=place_of_request(request)):
            answer = await endpoint.do(asked)
        metrics.console_api_requests_total.labels(endpoint.scope, "answered").inc()
        return web.Response(
            text=answer.model_dump_json(),
            status=endpoint.success,
            content_type="application/json",
        )

    return handler


async def _admitted(request: web.Request, scope: Scope) -> ApiToken:
    """The token of who asks (RFC 6750). Raises Refused."""
    site, address = request.app[SITE], place_of_request(request)
    given = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if given is None:
        raise _refused(scope, HTTPStatus.UNAUTHORIZED, "Send a token: Authorization: Bearer.")
    token = await site.tokens.known(given[1], address)
    if token is None:
        if not site.throttle.allows(address):
            raise _refused(scope, HTTPStatus.TOO_MANY_REQUESTS, "Too many unknown tokens.")
        log.warning("an API token is unknown, expired or revoked", address=address)
        why = "The token is unknown, expired or revoked."
        raise _refused(scope, HTTPStatus.UNAUTHORIZED, why, error="invalid_token")
    if not site.api_throttle.allows(str(token.token_id)):
        why = f"A token has {site.rules.api_requests_per_minute} requests a minute."
        raise _refused(scope, HTTPStatus.TOO_MANY_REQUESTS, why)
    if not token.opens(scope):
        why = f"The token does not open {scope}."
        raise _refused(scope, HTTPStatus.FORBIDDEN, why, error="insufficient_scope")
    return token


def _refused(scope: Scope, status: HTTPStatus, why: str, error: str = "") -> Refused:
    metrics.console_api_requests_total.labels(scope, "refused").inc()
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        return Refused(status, why, Retry_After=_WAIT_S)
    challenge = ['Bearer realm="console"']
    if error:
        challenge.append(f'error="{error}"')
    if error == "insufficient_scope":
        challenge.append(f'scope="{scope}"')
    return Refused(status, why, WWW_Authenticate=", ".join(challenge))


def _understood(request: web.Request, endpoint: Endpoint) -> Query:
    """Raises Refused."""
    if any(len(request.query.getall(name)) > 1 for name in request.query):
        raise Refused(HTTPStatus.BAD_REQUEST, "A parameter is given twice.")
    try:
        return endpoint.query.model_validate(dict(request.query))
    except ValidationError as failure:
        raise Refused(HTTPStatus.BAD_REQUEST, wrong_in(failure)) from failure


@web.middleware
async def refusals_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around every handler below `/api/`: whatever is refused is told as RFC 9457 has it."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    try:
        check_text(request.path + "".join(name + value for name, value in request.query.items()))
        return await handler(request)
    except Refused as refusal:
        return _problem(refusal.status, refusal.detail, refusal.headers)
    except web.HTTPException as refusal:
        status = HTTPStatus(refusal.status)
        kept = {name: refusal.headers[name] for name in ("Allow",) if name in refusal.headers}
        return _problem(status, status.description or status.phrase, kept)
    except RecordsUnavailable as failure:
        log.error("the API could not answer", path=request.path, why=str(failure))
        return _problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The database is not available.",
            {"Retry-After": _WAIT_S},
        )
    except Exception:
        log.exception("the API could not answer", path=request.path)
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "It was written to the log.", {})


def _problem(status: HTTPStatus, detail: str, headers: dict[str, str]) -> web.Response:
    problem = Problem(title=status.phrase, status=status, detail=detail)
    return web.Response(
        text=problem.model_dump_json(),
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )

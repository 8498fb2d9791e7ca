"""Request admission: size, API key, session, body. Every failure is answered with a problem
document."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from rocars.api.endpoint import Endpoint, Incoming
from rocars.api.uploads import uploaded
from rocars.entrance.sessions import LoggedInDriver
from rocars.refusals import Code, Problem
from rocars.service import Service

log = structlog.get_logger("rocars.http")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_KEY = re.compile(r"[!-~]{1,128}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no database takes all of these


def answer_with(endpoint: Endpoint, service: Service) -> Handler:
    """The aiohttp handler of one endpoint."""

    async def handle(request: web.Request) -> web.StreamResponse:
        incoming = await _admit(endpoint, service, request)
        if endpoint.uploads:
            async with uploaded(request, service.settings.batch.max_bytes) as file:
                answer = await endpoint.handler(replace(incoming, upload=file))
        else:
            answer = await endpoint.handler(incoming)
        return _json(answer, endpoint.status, "application/json")

    return handle


async def _admit(endpoint: Endpoint, service: Service, request: web.Request) -> Incoming:
    if endpoint.roles and not service.keys.opens(
        request.headers.get("X-Api-Key", ""), endpoint.roles
    ):
        raise Problem(Code.API_KEY_REFUSED)
    driver = await _driver(service, request) if endpoint.driver else None
    key = request.headers.get("Idempotency-Key", "")
    if endpoint.idempotent and not _KEY.fullmatch(key):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    known = {parameter.name for parameter in endpoint.query}
    for name in known ^ set(request.query):
        raise Problem(Code.INVALID_REQUEST, name[:40], "expected exactly the query described")
    for name, value in (*request.match_info.items(), *request.query.items()):
        if _UNPRINTABLE.search(value):
            raise Problem(Code.INVALID_REQUEST, name[:40], "expected no control characters")
    if endpoint.largest is not None:
        request = request.clone(client_max_size=endpoint.largest(service.settings))
    return Incoming(
        service=service,
        path=dict(request.match_info),
        query=dict(request.query),
        body=None if endpoint.uploads else await _body(endpoint.body, request),
        driver=driver,
        idempotency_key=key,
    )


async def _driver(service: Service, request: web.Request) -> LoggedInDriver:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(Code.SESSION_EXPIRED)
    return await service.sessions.driver(token.strip())


async def _body(model: type[BaseModel] | None, request: web.Request) -> BaseModel | None:
    try:
        raw = await request.read()
    except ConnectionResetError:
        raise web.HTTPBadRequest(reason="the client left in mid-request") from None
    if model is None:
        if raw.strip() not in (b"", b"{}"):
            raise Problem(Code.INVALID_REQUEST, detail="expected no body")
        return None
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        # Never the input: it may be a PIN.
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        raise Problem(Code.BAD_JSON)
    where = ".".join(str(part) for part in first["loc"])[:80]
    raise Problem(Code.INVALID_REQUEST, where, first["msg"])


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns whatever went wrong into problem details, and logs one line a request."""
    began = time.monotonic()
    try:
        response = await handler(request)
    except Problem as problem:
        response = _refuse(problem)
    except web.HTTPRequestEntityTooLarge:
        response = _refuse(Problem(Code.TOO_LARGE))
    except web.HTTPMethodNotAllowed as refusal:
        response = _refuse(Problem(Code.METHOD_NOT_ALLOWED, request.method[:20]))
        response.headers[hdrs.ALLOW] = ", ".join(sorted(refusal.allowed_methods))
    except web.HTTPNotFound:
        response = _refuse(Problem(Code.NOT_FOUND))
    except web.HTTPException as refusal:
        log.warning("http.refused", status=refusal.status)
        response = _refuse(Problem(Code.INVALID_REQUEST))
    except (SQLAlchemyError, OSError) as error:
        log.error("database.away", error=type(error).__name__, trace=traceback.format_exc())
        response = _refuse(Problem(Code.UNAVAILABLE))
        response.headers[hdrs.RETRY_AFTER] = "1"
    except Exception:
        # As text, not exc_info: some log renderers print local variables, a PIN among them.
        log.error("http.failed", trace=traceback.format_exc())
        response = _refuse(Problem(Code.INTERNAL))
    resource = request.match_info.route.resource
    log.info(
        "http.answered",
        method=request.method[:20],
        route=resource.canonical if resource else None,
        status=response.status,
        ms=round((time.monotonic() - began) * 1000, 1),
    )
    return response


def _refuse(problem: Problem) -> web.Response:
    return _json(problem.document(), problem.code.status.value, "application/problem+json")


def _json(answer: BaseModel, status: int, content_type: str) -> web.Response:
    response = web.Response(
        text=answer.model_dump_json(), status=status, content_type=content_type, charset="utf-8"
    )
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response

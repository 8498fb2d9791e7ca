"""Request admission: API key, session, size, body. Every failure is answered with a problem
document."""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import BinaryIO

import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from rocars.api.endpoint import Endpoint, Incoming
from rocars.api.gate import COMPANY_KEY, KEY_NAME, Admitted, Gate
from rocars.api.uploads import uploaded
from rocars.entrance.sessions import LoggedInDriver
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role
from rocars.service import Service
from rocars.store.journal import Channel, through
from rocars.systems.signatures import Signed
from rocars.systems.uses import KeyUses

log = structlog.get_logger("rocars.http")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_KEY = re.compile(r"[!-~]{1,128}")
CHANNELS: Mapping[Role, Channel] = {
    Role.IVR: "telephone",
    Role.SHIPPER: "system",
    Role.ADMIN: "office",
    Role.CAMERA: "boundary",
    Role.DISPLAY: "boundary",
    Role.DEMO: "office",
}
_SUBJECTS = ("ccrn", "ubr", "message", "batch")
_BY_KEY = 'ApiKey realm="rocars"'
_BY_SESSION = 'Bearer realm="rocars"'
_HOW_TO_SIGN = (
    'rocars=("@method" "@authority" "@path" "@query" "content-digest")'
    ';created;keyid;nonce;alg="ed25519"'
)
"""RFC 9421 section 5.1; of the query and the content, what the request has."""

OPERATION = web.RequestKey("operation", str)
SUBJECT = web.RequestKey("subject", str)
USES = web.AppKey("uses", KeyUses)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no database takes all of these


def answer_with(endpoint: Endpoint, service: Service, gate: Gate) -> Handler:
    """The aiohttp handler of one endpoint."""

    async def handle(request: web.Request) -> web.StreamResponse:
        request[OPERATION] = endpoint.operation
        if (named := _named(request.match_info)) is not None:
            request[SUBJECT] = named
        admitted = await gate.admit(endpoint, request)
        with through(_channel(admitted)):
            incoming = await _admit(endpoint, service, request, admitted)
            if endpoint.uploads:
                _check_media_type(endpoint, request)
                largest = _largest(endpoint, service)
                async with uploaded(request, largest) as file:
                    if admitted.signed is not None:
                        await asyncio.to_thread(_check_signed_file, admitted.signed, file)
                    answer = await endpoint.handler(replace(incoming, upload=file))
            else:
                answer = await endpoint.handler(incoming)
        if SUBJECT not in request and (named := _named(vars(answer))) is not None:
            request[SUBJECT] = named
        return _json(answer, endpoint.status, "application/json")

    return handle


def _channel(admitted: Admitted) -> Channel:
    """The channel whose key was presented."""
    if admitted.key is not None:
        return "system"
    return CHANNELS[admitted.role] if admitted.role is not None else ""


def _named(values: Mapping[str, object]) -> str | None:
    """The CCRN, UBR, message or batch among these, for the log of keys."""
    found = next((values[name] for name in _SUBJECTS if name in values), None)
    return None if found is None else str(found)


def _largest(endpoint: Endpoint, service: Service) -> int:
    if endpoint.largest is None:
        return service.settings.listen.max_body_bytes
    return endpoint.largest(service.settings)


def _check_media_type(endpoint: Endpoint, request: web.Request) -> None:
    if endpoint.document is not None and request.content_type not in endpoint.uploads:
        raise Problem(
            Code.MEDIA_TYPE_REFUSED,
            request.content_type[:80],
            "expected " + " or ".join(endpoint.uploads),
        )


def _check_signed_file(signed: Signed, file: BinaryIO) -> None:
    """Raises Problem SIGNATURE_REFUSED."""
    signed.check_content(file.read())
    file.seek(0)


async def _admit(
    endpoint: Endpoint, service: Service, request: web.Request, admitted: Admitted
) -> Incoming:
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
    if endpoint.largest is not None and not endpoint.uploads:
        request = request.clone(client_max_size=_largest(endpoint, service))
    return Incoming(
        service=service,
        path=dict(request.match_info),
        query=dict(request.query),
        body=None if endpoint.uploads else await _body(endpoint.body, request, admitted.signed),
        driver=driver,
        idempotency_key=key,
        content_type=request.content_type,
        key=admitted.key,
    )


async def _driver(service: Service, request: web.Request) -> LoggedInDriver:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(Code.SESSION_EXPIRED)
    return await service.sessions.driver(token.strip())


async def _body(
    model: type[BaseModel] | None, request: web.Request, signed: Signed | None
) -> BaseModel | None:
    try:
        raw = await request.read()
    except ConnectionResetError:
        raise web.HTTPBadRequest(reason="the client left in mid-request") from None
    if signed is not None:
        signed.check_content(raw)
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
        key=request.get(KEY_NAME),
        ms=round((time.monotonic() - began) * 1000, 1),
    )
    if COMPANY_KEY in request:
        request.app[USES].add(
            request[COMPANY_KEY],
            request[OPERATION],
            response.status,
            request.get(SUBJECT, ""),
        )
    return response


def _refuse(problem: Problem) -> web.Response:
    status = problem.code.status
    response = _json(problem.document(), status.value, "application/problem+json")
    if status is HTTPStatus.UNAUTHORIZED:  # must say how to log in (RFC 9110, 15.5.2)
        by_key = problem.code in (Code.API_KEY_UNKNOWN, Code.SIGNATURE_REFUSED)
        response.headers[hdrs.WWW_AUTHENTICATE] = _BY_KEY if by_key else _BY_SESSION
    if problem.code is Code.SIGNATURE_REFUSED:
        response.headers["Accept-Signature"] = _HOW_TO_SIGN
    if problem.retry_after_s is not None:
        response.headers[hdrs.RETRY_AFTER] = str(problem.retry_after_s)
    return response


def _json(answer: BaseModel, status: int, content_type: str) -> web.Response:
    response = web.Response(
        text=answer.model_dump_json(), status=status, content_type=content_type, charset="utf-8"
    )
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response

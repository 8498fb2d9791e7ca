"""What programs send: bounded in size and time, JSON or a recording."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ValidationError

from ground.web.forms import BODY_BEGINS_S, LARGEST_FORM, SLOWEST_BODY, UNREADABLE_RAISES
from ivr.console.api.endpoint import Endpoint, Refused, wrong_in
from ivr.console.site import SITE

JSON = "application/json"
SOUND = ("audio/", "video/mp4", "application/octet-stream", "application/ogg")
"""How types begin that recordings are sent as; telephones call M4A by that of a film."""


async def read_body(request: web.Request, endpoint: Endpoint) -> tuple[BaseModel | None, bytes]:
    """The JSON or the recording that the endpoint takes. Raises Refused."""
    if endpoint.takes_sound:
        largest = int(request.app[SITE].settings.prompts.takes.largest_mb * 1e6)
        if not request.content_type.startswith(SOUND):
            why = "Send the recording as it is, with the type of its format, as audio/wav."
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, why)
        return None, await _read(request, largest)
    if endpoint.body is None:
        return None, b""
    if request.content_type != JSON:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {JSON}.")
    data = await _read(request, LARGEST_FORM)
    try:
        return endpoint.body.model_validate(json.loads(data)), b""
    except ValidationError as failure:
        raise Refused(HTTPStatus.BAD_REQUEST, wrong_in(failure)) from failure
    except (ValueError, RecursionError) as failure:
        raise Refused(HTTPStatus.BAD_REQUEST, "The body is no JSON.") from failure


async def _read(request: web.Request, largest: int) -> bytes:
    length = request.content_length
    if length is not None and length > largest:
        raise _too_large(largest)
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_BEGINS_S + (length or largest) / SLOWEST_BODY):
            async for piece in request.content.iter_any():
                data += piece
                if len(data) > largest:
                    raise _too_large(largest)
    except TimeoutError:
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly.") from None
    except UNREADABLE_RAISES as failure:
        raise Refused(HTTPStatus.BAD_REQUEST, "The body could not be read.") from failure
    return bytes(data)


def _too_large(largest: int) -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{largest} bytes are the most.")

"""What a service does, held against its own OpenAPI description."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters

_PROBLEMS_ARE_JSON = Config(extra_media_type_deserializers={"application/problem+json": json.loads})


@functools.cache
def described_by(document: str) -> OpenAPI:
    return OpenAPI.from_dict(json.loads(document), config=_PROBLEMS_ARE_JSON)


@dataclass
class SentRequest:
    """A request as openapi-core wants to see it."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters = field(default_factory=RequestParameters)
    content_type: str = "application/json"
    body: bytes | None = None


@dataclass(frozen=True)
class ReceivedResponse:
    """An answer as openapi-core wants to see it."""

    status_code: int
    content_type: str
    data: bytes
    headers: dict[str, str]

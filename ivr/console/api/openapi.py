"""The OpenAPI 3.1 description of the API, made of the endpoints and their pydantic models."""

from __future__ import annotations

from collections import defaultdict
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from ivr.console.api.endpoint import Endpoint
from ivr.console.api.messages import Problem

ROOT = "/api/v1"
Document = dict[str, Any]
_REF = "#/components/schemas/{model}"
_REFUSALS = {
    400: "A parameter is wrong, or not one of these.",
    401: "There is no token, or it is unknown, expired or revoked.",
    403: "The token does not open this.",
    404: "There is no such thing.",
    429: "Too many requests with this token, or with unknown ones: wait as `Retry-After` says.",
    503: "The database is not available: try again.",
}
_REFUSALS_OF_CHANGES = {
    408: "The body came too slowly.",
    409: "The rules do not allow it now: `detail` says why.",
    413: "The body is too large.",
    415: "The body is of another type than this takes.",
    422: "The recording cannot be used: `detail` says why.",
}


def describe(endpoints: tuple[Endpoint, ...]) -> Document:
    """The description of these endpoints, ready to be served as JSON."""
    answers = sorted({endpoint.answer for endpoint in endpoints} | {Problem}, key=_name)
    bodies = sorted({of.body for of in endpoints if of.body is not None}, key=_name)
    used: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "serialization") for model in answers),
        *((model, "validation") for model in bodies),
    ]
    _, schemas = models_json_schema(used, ref_template=_REF)
    paths: defaultdict[str, Document] = defaultdict(dict)
    for endpoint in endpoints:
        paths[endpoint.path][endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ROCARS by telephone: the console's API",
            "version": version("rocars-ivr"),
            "description": "Prompts, releases, calls and figures, to be read by programs, and "
            "drafts and releases to be changed by them. Personal data are masked as in the exports "
            "of the console.",
        },
        "servers": [{"url": ROOT}],
        "paths": dict(paths),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> Document:
    known = _REFUSALS | (_REFUSALS_OF_CHANGES if endpoint.method == "POST" else {})
    refusals = {
        str(status): {
            "description": why,
            "content": {"application/problem+json": {"schema": _ref(Problem)}},
        }
        for status, why in sorted(known.items())
    }
    return {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "description": f"Opened by a token with the scope `{endpoint.scope}`.",
        "security": [{"token": []}],
        "parameters": [*_places(endpoint), *_parameters(endpoint)],
        **_body(endpoint),
        "responses": {
            str(endpoint.success.value): {
                "description": "Done.",
                "content": {"application/json": {"schema": _ref(endpoint.answer)}},
            },
            **refusals,
        },
    }


def _body(endpoint: Endpoint) -> Document:
    content: Document = {}
    if endpoint.takes_sound:
        content = {kind: {"schema": {}} for kind in ("audio/*", "application/octet-stream")}
    elif endpoint.body is not None:
        content = {"application/json": {"schema": _ref(endpoint.body)}}
    return {"requestBody": {"required": True, "content": content}} if content else {}


def _places(endpoint: Endpoint) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": meaning,
            "schema": {"type": "string"},
        }
        for name, meaning in endpoint.places
    ]


def _parameters(endpoint: Endpoint) -> list[Document]:
    schema = endpoint.query.model_json_schema(mode="validation")
    kinds = schema.get("$defs", {})
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": of.get("description", ""),
            "schema": _plain(of, kinds),
        }
        for name, of in schema.get("properties", {}).items()
    ]


def _plain(of: Document, kinds: Document) -> Document:
    """The schema of one parameter, which stands for itself: what may be left out is not null."""
    choices = [choice for choice in of.get("anyOf", ()) if choice.get("type") != "null"]
    bare = choices[0] if choices else of
    if "$ref" in bare:
        bare = kinds[bare["$ref"].rpartition("/")[2]]
    left_out = ("title", "description", "default")
    plain = {key: value for key, value in bare.items() if key not in left_out}
    if of.get("default") is not None:
        plain["default"] = of["default"]
    return plain


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": _REF.format(model=model.__name__)}


def _name(model: type[BaseModel]) -> str:
    return model.__name__

"""The OpenAPI 3.1 description, made of the endpoint table and the pydantic models."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from rocars.api.endpoint import Endpoint, Parameter
from rocars.refusals import Code, ProblemDetails

Document = dict[str, Any]
_REF = "#/components/schemas/{model}"


def describe(table: tuple[Endpoint, ...]) -> Document:
    """The description of these endpoints, ready to be served as JSON."""
    requests = {
        model for endpoint in table for model in (endpoint.body, endpoint.document) if model
    }
    answers = {endpoint.answer for endpoint in table} | {ProblemDetails}
    _, schemas = models_json_schema(
        [
            *((model, "validation") for model in sorted(requests, key=_name)),
            *((model, "serialization") for model in sorted(answers, key=_name)),
        ],
        ref_template=_REF,
    )
    paths: Document = {}
    for endpoint in table:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ROCARS reference back end",
            "version": _version(),
            "description": "Registration, cargo data, bundling and crossing of road cargo. "
            "A reference made from public sources, not the system of Customs and Excise.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "session": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(endpoint: Endpoint) -> Document:
    operation: Document = {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "parameters": [
            *(_parameter(named, "path") for named in endpoint.path_parameters),
            *(_parameter(named, "query") for named in endpoint.query),
        ],
        "responses": {
            str(endpoint.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": _schema(endpoint.answer)}},
            },
            **_problem_responses(endpoint),
        },
    }
    if endpoint.idempotent:
        key = _parameter(Parameter("Idempotency-Key", "Repeat it to repeat the request."), "header")
        key["schema"] = {"type": "string", "pattern": "^[!-~]{1,128}$"}
        operation["parameters"].append(key)
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _schema(endpoint.body)}},
        }
    if endpoint.uploads:
        operation["requestBody"] = {
            "required": True,
            "content": {kind: _upload(endpoint, kind) for kind in endpoint.uploads},
        }
    if endpoint.guarded:
        security: dict[str, list[str]] = {"apiKey": []}
        if endpoint.driver:
            security["session"] = []
        operation["security"] = [security]
        operation["description"] = _opened_by(endpoint)
    return operation


def _opened_by(endpoint: Endpoint) -> str:
    sentences = []
    if endpoint.roles:
        sentences.append("Opened by the API key of: " + ", ".join(sorted(endpoint.roles)))
    if endpoint.rights:
        sentences.append(
            "Opened by a company's own API key with the right to: "
            + ", ".join(sorted(endpoint.rights))
        )
    return ". ".join(sentences)


def _upload(endpoint: Endpoint, kind: str) -> Document:
    if endpoint.document is not None and kind == "application/json":
        return {"schema": _schema(endpoint.document)}
    described: Document = {"schema": {"type": "string", "format": "binary"}}
    if endpoint.xml_example and kind == "application/xml":
        described["example"] = endpoint.xml_example
    return described


def _problem_responses(endpoint: Endpoint) -> Document:
    codes = sorted(endpoint.all_problems(), key=_status)
    return {
        str(status): {
            "description": " ".join(f"`{code}`: {code.meaning}" for code in group),
            "content": {"application/problem+json": {"schema": _schema(ProblemDetails)}},
        }
        for status, group in groupby(codes, key=_status)
    }


def _parameter(parameter: Parameter, place: str) -> Document:
    return {
        "name": parameter.name,
        "in": place,
        "required": True,
        "description": parameter.meaning,
        "schema": {"type": "string"},
    }


def _schema(model: type[BaseModel]) -> Document:
    return {"$ref": _REF.format(model=model.__name__)}


def _status(code: Code) -> int:
    return code.status.value


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _version() -> str:
    try:
        return version("rocars-ivr")
    except PackageNotFoundError:
        return "0"

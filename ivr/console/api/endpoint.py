"""An endpoint is declared beside what it does; the table of them makes the routes and the OpenAPI
description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from ivr.console.site import Site
from ivr.records.token_tables import ApiToken, Scope

QueryT = TypeVar("QueryT", bound=BaseModel)


class Query(BaseModel):
    """The parameters of a question; what is not named in it is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Refused(Exception):
    """The API refuses; `detail` says why, in English, to the programmer."""

    def __init__(self, status: HTTPStatus, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Asked:
    """A request that was admitted: the token opens it, and its parameters are right."""

    site: Site
    token: ApiToken
    path: Mapping[str, str]
    query: BaseModel

    @property
    def by(self) -> str:
        """As the audit log names who asked."""
        return f"token {self.token.name}"

    def query_as(self, model: type[QueryT]) -> QueryT:
        if not isinstance(self.query, model):
            raise TypeError(f"this endpoint declares no query of {model.__name__}")
        return self.query

    def number(self, name: str) -> int:
        """A number in the path. Raises Refused for what can be none of ours."""
        given = self.path[name]
        if not (given.isascii() and given.isdecimal() and len(given) <= 9):
            raise nothing_there()
        return int(given)


@dataclass(frozen=True)
class Endpoint:
    """Something that can be read.

    Args:
        path: below `/api/v1`, with places as ``{name}``.
        scope: what a token has to open.
        answer: what `do` gives.
        places: meaning of each place of the path.
    """

    operation: str
    path: str
    scope: Scope
    summary: str
    answer: type[BaseModel]
    do: Callable[[Asked], Awaitable[BaseModel]]
    query: type[Query] = Query
    places: tuple[tuple[str, str], ...] = ()


def nothing_there() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "There is no such thing.")

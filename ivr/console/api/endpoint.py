"""An endpoint is declared beside what it does; the table of them makes the routes and the OpenAPI
description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ivr.console.site import Site
from ivr.records.token_tables import ApiToken, Scope

QueryT = TypeVar("QueryT", bound=BaseModel)
BodyT = TypeVar("BodyT", bound=BaseModel)


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
    """A request that was admitted: the token opens it, and its parameters are right.

    Attributes:
        body: the JSON of an endpoint that takes some.
        sound: the recording of one that takes that.
    """

    site: Site
    token: ApiToken
    path: Mapping[str, str]
    query: BaseModel
    body: BaseModel | None = None
    sound: bytes = field(default=b"", repr=False)

    @property
    def by(self) -> str:
        """As the audit log names who asked."""
        return self.token.actor

    def body_as(self, model: type[BodyT]) -> BodyT:
        if not isinstance(self.body, model):
            raise TypeError(f"this endpoint declares no body of {model.__name__}")
        return self.body

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
    """Something that can be read or, by POST, changed.

    Args:
        path: below `/api/v1`, with places as ``{name}``.
        scope: what a token has to open.
        answer: what `do` gives.
        places: meaning of each place of the path.
        body: the JSON that it takes; None for none.
        takes_sound: its body is a recording.
        success: status of the answer.
    """

    operation: str
    path: str
    scope: Scope
    summary: str
    answer: type[BaseModel]
    do: Callable[[Asked], Awaitable[BaseModel]]
    query: type[Query] = Query
    places: tuple[tuple[str, str], ...] = ()
    method: Literal["GET", "POST"] = "GET"
    body: type[BaseModel] | None = None
    takes_sound: bool = False
    success: HTTPStatus = HTTPStatus.OK


def nothing_there() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "There is no such thing.")


def wrong_in(failure: ValidationError) -> str:
    """What is wrong with what was sent, for the programmer."""
    return "; ".join(
        f"{'.'.join(str(step) for step in error['loc']) or 'all of it'}: {error['msg']}"
        for error in failure.errors(include_url=False, include_input=False)
    )

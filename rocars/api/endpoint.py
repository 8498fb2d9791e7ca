"""An endpoint is declared beside its handler; the table of them makes the routes and the OpenAPI
description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar, get_type_hints

from pydantic import BaseModel

from rocars.entrance.sessions import LoggedInDriver
from rocars.refusals import Code
from rocars.secrets.key_ring import Role
from rocars.service import Service
from rocars.settings import RocarsSettings

BodyT = TypeVar("BodyT", bound=BaseModel)
AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True)
class Incoming:
    """One request that was admitted: key, session and form of the body are right."""

    service: Service
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: BaseModel | None = field(repr=False)
    driver: LoggedInDriver | None
    idempotency_key: str
    upload: BinaryIO | None = field(default=None, repr=False)

    def body_as(self, model: type[BodyT]) -> BodyT:
        if not isinstance(self.body, model):
            raise TypeError(f"this endpoint declares no body of {model.__name__}")
        return self.body

    @property
    def file(self) -> BinaryIO:
        if self.upload is None:
            raise TypeError("this endpoint declares no upload")
        return self.upload

    @property
    def driver_id(self) -> int:
        if self.driver is None:
            raise TypeError("this endpoint declares no driver")
        return self.driver.id


@dataclass(frozen=True)
class Parameter:
    """A parameter of path or query."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Endpoint:
    """`roles` whose API key opens it; none means it is open to all.

    `driver` means a log-in is needed, `idempotent` an Idempotency-Key; `uploads` are the media
    types of a file that is the body. `problems` are those of its own; those of admission (keys,
    body, session) are added to the description. `largest` is the largest body in bytes, where it is
    not `listen.max_body_bytes`.
    """

    operation: str
    method: str
    path: str
    summary: str
    handler: Callable[[Incoming], Awaitable[BaseModel]]
    answer: type[BaseModel]
    status: int = 200
    body: type[BaseModel] | None = None
    uploads: tuple[str, ...] = ()
    roles: frozenset[Role] = frozenset()
    driver: bool = False
    idempotent: bool = False
    path_parameters: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    problems: tuple[Code, ...] = ()
    largest: Callable[[RocarsSettings], int] | None = None

    def all_problems(self) -> tuple[Code, ...]:
        """Every problem this endpoint may answer with."""
        admission: list[Code] = []
        if self.roles:
            admission.append(Code.API_KEY_REFUSED)
        if self.driver:
            admission.append(Code.SESSION_EXPIRED)
        if self.body is not None:
            admission += [Code.BAD_JSON, Code.TOO_LARGE]
        if self.uploads:
            admission.append(Code.TOO_LARGE)
        if self.idempotent:
            admission += [Code.IDEMPOTENCY_KEY_MISSING, Code.IDEMPOTENCY_KEY_REUSED]
        return (*admission, Code.INVALID_REQUEST, *self.problems, Code.UNAVAILABLE, Code.INTERNAL)


class EndpointGroup:
    """The endpoints that the API keys of these roles open; without a role they are open to all."""

    def __init__(self, *roles: Role) -> None:
        self._roles = frozenset(roles)
        self._endpoints: list[Endpoint] = []

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """In the order of their declaration, which is the order of the description."""
        return tuple(self._endpoints)

    def endpoint(
        self,
        operation: str,
        method: str,
        path: str,
        summary: str,
        *,
        status: int = 200,
        body: type[BaseModel] | None = None,
        uploads: tuple[str, ...] = (),
        driver: bool = False,
        idempotent: bool = False,
        path_parameters: tuple[Parameter, ...] = (),
        query: tuple[Parameter, ...] = (),
        problems: tuple[Code, ...] = (),
        largest: Callable[[RocarsSettings], int] | None = None,
    ) -> Callable[
        [Callable[[Incoming], Awaitable[AnswerT]]], Callable[[Incoming], Awaitable[AnswerT]]
    ]:
        """Declare the handler below as an endpoint; the model it returns is its answer."""

        def declare(
            handler: Callable[[Incoming], Awaitable[AnswerT]],
        ) -> Callable[[Incoming], Awaitable[AnswerT]]:
            self._endpoints.append(
                Endpoint(
                    operation=operation,
                    method=method,
                    path=path,
                    summary=summary,
                    handler=handler,
                    answer=get_type_hints(handler)["return"],
                    status=status,
                    body=body,
                    uploads=uploads,
                    roles=self._roles,
                    driver=driver,
                    idempotent=idempotent,
                    path_parameters=path_parameters,
                    query=query,
                    problems=problems,
                    largest=largest,
                )
            )
            return handler

        return declare

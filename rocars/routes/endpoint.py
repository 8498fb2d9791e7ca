"""What an endpoint is: the table of them makes both the routes and the OpenAPI description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from rocars.key_ring import Role
from rocars.problems import Code
from rocars.service import Service
from rocars.sessions import LoggedInDriver

BodyT = TypeVar("BodyT", bound=BaseModel)


@dataclass(frozen=True)
class Incoming:
    """One request that has passed the door: key, session, form of the body."""

    service: Service
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: BaseModel | None = field(repr=False)
    driver: LoggedInDriver | None
    idempotency_key: str

    def body_as(self, model: type[BodyT]) -> BodyT:
        if not isinstance(self.body, model):
            raise TypeError(f"this endpoint declares no body of {model.__name__}")
        return self.body

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

    `driver` means a log-in is needed, `idempotent` an Idempotency-Key. `problems` are those of its
    own; those of the door (keys, body, session) are added to the description.
    """

    operation: str
    method: str
    path: str
    summary: str
    handler: Callable[[Incoming], Awaitable[BaseModel]]
    answer: type[BaseModel]
    status: int = 200
    body: type[BaseModel] | None = None
    roles: frozenset[Role] = frozenset()
    driver: bool = False
    idempotent: bool = False
    path_parameters: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    problems: tuple[Code, ...] = ()

    def all_problems(self) -> tuple[Code, ...]:
        """Every problem this endpoint may answer with."""
        door: list[Code] = []
        if self.roles:
            door.append(Code.API_KEY_REFUSED)
        if self.driver:
            door.append(Code.SESSION_EXPIRED)
        if self.body is not None:
            door += [Code.BAD_JSON, Code.TOO_LARGE]
        if self.idempotent:
            door += [Code.IDEMPOTENCY_KEY_MISSING, Code.IDEMPOTENCY_KEY_REUSED]
        return (*door, Code.INVALID_REQUEST, *self.problems, Code.UNAVAILABLE, Code.INTERNAL)

"""An endpoint is declared beside its handler; the table of them makes the routes and the OpenAPI
description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar, get_type_hints

from pydantic import BaseModel

from rocars.entrance.sessions import LoggedInDriver
from rocars.refusals import Code, Problem
from rocars.registry.agencies import ActingFor
from rocars.secrets.key_ring import Role
from rocars.service import Service
from rocars.settings import RocarsSettings
from rocars.store.journal import by_agent
from rocars.systems.keys import KnownKey, Right

BodyT = TypeVar("BodyT", bound=BaseModel)
AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True)
class Incoming:
    """One request that was admitted: key, session and form of the body are right. `key` is that of
    a company, if it came with one; its `content_type` is of an upload."""

    service: Service
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: BaseModel | None = field(repr=False)
    driver: LoggedInDriver | None
    idempotency_key: str
    upload: BinaryIO | None = field(default=None, repr=False)
    content_type: str = ""
    key: KnownKey | None = None

    @property
    def company_key(self) -> KnownKey:
        if self.key is None:
            raise TypeError("this endpoint declares roles besides rights")
        return self.key

    async def acting_for(self, company: str) -> None:
        """What is done from now on is done for this company: the key's own, or a client of it,
        whose consent is looked at now. Raises Problem COMPANY_REFUSED."""
        if self.key is not None and self.key.company != company:
            await self.client(company)

    async def client(self, company: str) -> ActingFor:
        """The same, where the key must be that of an agent. Raises Problem COMPANY_REFUSED."""
        key = self.company_key
        client = await self.service.agencies.client_called(key.company_id, company)
        if client is None:
            raise Problem(Code.COMPANY_REFUSED, company)
        by_agent(client.agency, key.id)
        return client

    async def readable(self) -> frozenset[int] | None:
        """The companies whose cargo the key may read: its own and its clients'; None: all."""
        if self.key is None:
            return None
        clients = await self.service.agencies.clients_of(self.key.company_id)
        return frozenset({self.key.company_id, *(client.company_id for client in clients)})

    @property
    def done_by(self) -> str:
        """As histories name who did it: the ID of a company's key."""
        return self.key.id if self.key is not None else ""

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
    """`roles` whose API key opens it, and `rights` one of which a company's key needs for it;
    neither means it is open to all.

    `driver` means a log-in is needed, `idempotent` an Idempotency-Key; `uploads` are the media
    types of a file that is the body; with `document`, what it holds as JSON, no other types are
    taken, and `xml_example` shows the same as XML. `problems` are those of its own; those of
    admission (keys, body, session) are added to the description. `largest` is the largest body in
    bytes, where it is not `listen.max_body_bytes`.
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
    document: type[BaseModel] | None = None
    xml_example: str = ""
    roles: frozenset[Role] = frozenset()
    rights: frozenset[Right] = frozenset()
    driver: bool = False
    idempotent: bool = False
    path_parameters: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    problems: tuple[Code, ...] = ()
    largest: Callable[[RocarsSettings], int] | None = None

    @property
    def guarded(self) -> bool:
        """Whether it needs an API key."""
        return bool(self.roles or self.rights)

    def all_problems(self) -> tuple[Code, ...]:
        """Every problem this endpoint may answer with."""
        admission: list[Code] = []
        if self.guarded:
            admission += [Code.API_KEY_UNKNOWN, Code.API_KEY_REFUSED, Code.TOO_MANY_REQUESTS]
        if self.rights:
            admission += [Code.SIGNATURE_REFUSED, Code.RIGHT_MISSING]
        if self.driver:
            admission.append(Code.SESSION_EXPIRED)
        if self.body is not None:
            admission += [Code.BAD_JSON, Code.TOO_LARGE]
        if self.uploads:
            admission.append(Code.TOO_LARGE)
        if self.document is not None:
            admission += [Code.BAD_JSON, Code.MEDIA_TYPE_REFUSED]
        if self.idempotent:
            admission += [Code.IDEMPOTENCY_KEY_MISSING, Code.IDEMPOTENCY_KEY_REUSED]
        return (*admission, Code.INVALID_REQUEST, *self.problems, Code.UNAVAILABLE, Code.INTERNAL)


class EndpointGroup:
    """The endpoints that the API keys of these roles open. Without a role they are for companies'
    keys alone, if they name rights, and open to all otherwise."""

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
        document: type[BaseModel] | None = None,
        xml_example: str = "",
        rights: frozenset[Right] = frozenset(),
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
                    document=document,
                    xml_example=xml_example,
                    roles=self._roles,
                    rights=rights,
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

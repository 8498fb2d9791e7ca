"""One exchange with ROCARS over HTTP: time-outs, bounded answers, retries only where safe.

The caller says what may be repeated (`Repeat`). Anything but a usable answer becomes
`BackEndUnavailable`, whose `uncertain` says whether the request may have been carried out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeVar

import aiohttp
from pydantic import ValidationError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from yarl import URL

from backend_client.answers import WireAnswer, WireProblem
from backend_client.errors import BackEndUnavailable
from backend_client.settings import RocarsClientSettings

AnswerT = TypeVar("AnswerT", bound=WireAnswer)

Observer = Callable[[str, str, float], None]
"""Called with every request: operation, outcome (`ok`, a problem's code, or `away`), seconds."""

_KEEP_ALIVE_S = 15.0  # shorter than servers' time-outs, so that a kept connection is rarely closed
_SHORTEST_TRY_S = 0.1
"""With less than this left of the time budget there is no further try: it could not be answered."""
_ROUNDING_S = 0.02
"""A try ends this long before the time budget, to leave time for reporting its outcome."""


class Repeat(Enum):
    """When a request may be sent again."""

    ALWAYS = auto()  # reads, and changes with an idempotency key
    IF_NEVER_SENT = auto()  # a log-in uses up its one-time code


@dataclass(frozen=True)
class Call:
    """One request. `changes`: it changes something in ROCARS, so that a lost answer leaves it
    uncertain."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    repeat: Repeat = Repeat.ALWAYS
    changes: bool = False


class ProblemAnswered(Exception):
    """ROCARS refused, with a problem document."""

    def __init__(self, problem: WireProblem) -> None:
        super().__init__(problem.code)
        self.code = problem.code
        self.subject = problem.subject


class _NoAnswer(Exception):
    """One try failed. `sent`: whether ROCARS may have received it."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass
class _Progress:
    """Whether any try so far may have reached ROCARS."""

    sent: bool = False


class HttpTransport:
    """A pool of connections to ROCARS, opened by its first use; end it with `close`."""

    def __init__(self, settings: RocarsClientSettings, observer: Observer | None = None) -> None:
        self._settings = settings
        self._observer = observer
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, call: Call, answer: type[AnswerT]) -> AnswerT:
        """Raises ProblemAnswered, BackEndUnavailable."""
        began = time.monotonic()
        outcome = "cancelled"
        try:
            result = await self._within_budget(call, answer, began + self._settings.budget_s)
            outcome = "ok"
        except ProblemAnswered as problem:
            outcome = problem.code
            raise
        except BackEndUnavailable:
            outcome = "away"
            raise
        finally:
            if self._observer is not None:
                self._observer(call.operation, outcome, time.monotonic() - began)
        return result

    async def _within_budget(self, call: Call, answer: type[AnswerT], deadline: float) -> AnswerT:
        progress = _Progress()

        def again(error: BaseException) -> bool:
            return (
                isinstance(error, _NoAnswer)
                and (call.repeat is Repeat.ALWAYS or not error.sent)
                and deadline - time.monotonic() > _SHORTEST_TRY_S
            )

        trying = AsyncRetrying(
            retry=retry_if_exception(again),
            stop=stop_after_attempt(self._settings.attempts),
            wait=wait_random_exponential(
                multiplier=self._settings.backoff_s, max=self._settings.backoff_max_s
            ),
            reraise=True,
        )
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                return await trying(self._tracked_try, call, answer, deadline, progress)
        except _NoAnswer as error:
            raise BackEndUnavailable(str(error), uncertain=call.changes and progress.sent) from None
        except TimeoutError:
            reason = "time budget used up"
            raise BackEndUnavailable(reason, uncertain=call.changes and progress.sent) from None

    async def _tracked_try(
        self, call: Call, answer: type[AnswerT], deadline: float, progress: _Progress
    ) -> AnswerT:
        before = progress.sent
        progress.sent = True  # what was cut off may have been received
        try:
            return await self._try(call, answer, deadline)
        except _NoAnswer as error:
            progress.sent = before or error.sent
            raise

    async def _try(self, call: Call, answer: type[AnswerT], deadline: float) -> AnswerT:
        left = deadline - time.monotonic()
        limits = aiohttp.ClientTimeout(
            total=max(0.01, min(self._settings.read_timeout_s, left - _ROUNDING_S)),
            connect=self._settings.connect_timeout_s,
        )
        try:
            async with self._connected().request(
                call.method,
                URL(self._settings.base_url + call.path, encoded=True).with_query(dict(call.query)),
                headers=dict(call.headers),
                json=call.body,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                return self._understand(response, await self._read(response), answer)
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise _NoAnswer(f"no connection ({type(error).__name__})", sent=False) from None
        except TimeoutError:
            raise _NoAnswer("no answer in time", sent=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _NoAnswer(f"connection failed ({type(error).__name__})", sent=True) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._settings.max_answer_bytes:
                response.close()
                raise _NoAnswer("the answer is too large", sent=True)
        return bytes(body)

    def _understand(
        self, response: aiohttp.ClientResponse, body: bytes, answer: type[AnswerT]
    ) -> AnswerT:
        try:
            if response.status in (200, 201) and response.content_type == "application/json":
                return answer.model_validate_json(body)
            if 400 <= response.status < 500 and response.content_type == "application/problem+json":
                raise ProblemAnswered(WireProblem.model_validate_json(body))
        except ValidationError:
            raise _NoAnswer(f"malformed answer with status {response.status}", sent=True) from None
        raise _NoAnswer(
            f"unusable answer: status {response.status}, {response.content_type}", sent=True
        )

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._settings.connections, keepalive_timeout=_KEEP_ALIVE_S
                ),
                headers={
                    "X-Api-Key": self._settings.api_key.get_secret_value(),
                    "Accept": "application/json, application/problem+json",
                    "Accept-Encoding": "identity",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

"""Signed requests of companies' systems: HTTP Message Signatures (RFC 9421) with Ed25519, and the
digest of the content (RFC 9530)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiohttp import web
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.tables.systems import SignatureNonce
from rocars.store.together import WrittenTogether
from rocars.systems.keys import KnownKey

log = structlog.get_logger("rocars.keys")

COVERED = ("@method", "@authority", "@path")
"""What every signature must cover. Not `@target-uri`: behind a proxy we do not see its scheme."""

_CLOCK_SKEW = timedelta(seconds=30)
_READING = frozenset({"GET", "HEAD"})
_LONGEST_NONCE = 64
_NONCES_TOGETHER = 100


class Verifier(HTTPMessageVerifier):
    max_clock_skew = _CLOCK_SKEW


@dataclass(frozen=True)
class SeenRequest:
    """A request as the verifier sees it."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Signed:
    """A request whose signature is right; its content is still to be compared."""

    verifier: HTTPMessageVerifier
    request: SeenRequest
    results: list[VerifyResult]

    def check_content(self, content: bytes) -> None:
        """Raises Problem SIGNATURE_REFUSED unless this content was signed."""
        try:
            self.verifier.verify_body(self.request, self.results, content)
        except HTTPMessageSignaturesException as error:
            raise _refused(error) from None


class RequestSignatures:
    def __init__(self, database: Database, clock: Clock, counts_s: int) -> None:
        """`counts_s`: seconds for which a signature counts."""
        self._database = database
        self._clock = clock
        self._counts = timedelta(seconds=counts_s)
        self._nonces: WrittenTogether[dict[str, object], None] = WrittenTogether(
            self._write, most=_NONCES_TOGETHER
        )

    async def verified(self, request: web.Request, key: KnownKey) -> Signed:
        """Raises Problem SIGNATURE_REFUSED, for a nonce that came before too."""
        verifier = Verifier(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(
                public_keys={key.id: key.public_key} if key.public_key is not None else {},
                private_keys={},
            ),
        )
        seen = SeenRequest(request.method, str(request.url), request.headers)
        covered = (*COVERED, *(("@query",) if request.query_string else ()))
        try:
            results = verifier.verify(seen, max_age=self._counts, require_components=covered)
        except HTTPMessageSignaturesException as error:
            raise _refused(error) from None
        if request.method not in _READING:
            for result in results:
                await self._once(key, result.nonce)
        return Signed(verifier, seen, results)

    async def _once(self, key: KnownKey, nonce: str | None) -> None:
        """No request that changes something counts twice."""
        if not nonce or len(nonce) > _LONGEST_NONCE:
            raise Problem(
                Code.SIGNATURE_REFUSED, "nonce", f"expected 1 to {_LONGEST_NONCE} characters"
            )
        until = self._clock() + self._counts + 2 * _CLOCK_SKEW
        try:
            await self._nonces.written({"key_id": key.id, "nonce": nonce, "until": until})
        except IntegrityError:
            raise Problem(Code.SIGNATURE_REFUSED, "nonce", "this nonce came before") from None

    async def _write(self, nonces: Sequence[dict[str, object]]) -> list[None]:
        async with self._database.writing() as session:
            await session.execute(insert(SignatureNonce), nonces)
        return [None] * len(nonces)


def _refused(error: HTTPMessageSignaturesException) -> Problem:
    log.warning("signature.refused", why=str(error)[:200])
    return Problem(Code.SIGNATURE_REFUSED, detail=str(error)[:200])

"""Tokens of the API: which are made, until when they are good, what is kept of their use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from ivr.records.api_tokens import ApiTokens, TokenRefused
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.settings import RecordsSettings
from ivr.records.token_tables import ApiToken, Scope

pytestmark = pytest.mark.service

SOON = timedelta(days=30)
NOT_MADE: tuple[tuple[str, list[Scope], int], ...] = (
    ("", [Scope.CALLS], 1),
    ("x" * 81, [Scope.CALLS], 1),
    ("x", [], 1),
    ("x", [Scope.CALLS], -1),
    ("x", [Scope.CALLS], 740),
)


async def test_from_making_a_token_to_revoking_it(database: str) -> None:
    records = Database(database, RecordsSettings())
    tokens = ApiTokens(records)
    for name, scopes, days in NOT_MADE:
        with pytest.raises(TokenRefused):
            await tokens.make("chan", name, scopes, now() + timedelta(days=days))
    made = await tokens.make("chan", "report", [Scope.CALLS, Scope.CALLS], now() + SOON)
    assert made.token.scopes == ["calls"]
    assert made.secret not in repr(made)
    with pytest.raises(TokenRefused, match="already"):
        await tokens.make("chan", "report", [Scope.CALLS], now() + SOON)

    assert await tokens.known(made.secret.lower(), "192.0.2.1") is None
    for address in ("192.0.2.1", "192.0.2.2"):
        found = await tokens.known(made.secret, address)
        assert found is not None
        assert found.opens(Scope.CALLS)
        assert not found.opens(Scope.FIGURES)
        (kept,) = await tokens.all()
        assert (kept.used_from, kept.used_at is not None) == (address, True)

    await tokens.revoke("lee", made.token.token_id)
    assert await tokens.known(made.secret, "192.0.2.1") is None
    with pytest.raises(TokenRefused, match="revoked already"):
        await tokens.revoke("lee", made.token.token_id)
    again = await tokens.make("chan", "report", [Scope.CALLS], now() + SOON)
    async with records.writing() as session:
        await session.execute(update(ApiToken).values(expires_at=now()))
    assert await tokens.known(again.secret, "192.0.2.1") is None
    await records.close()

"""Where results may be pushed to: addresses of companies, set by administration, on hosts that the
settings name. No request of ours goes anywhere else, whatever a name resolves to (OWASP,
server-side request forgery)."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from sqlalchemy import func, select
from yarl import URL

from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.registry.companies import company_called
from rocars.secrets.push_keys import PushKeys
from rocars.store.database import Database
from rocars.store.tables.systems import Push, PushAddress
from rocars.systems.messages import PushAddressRecord
from rocars.systems.settings import SystemSettings


class PushAddresses:
    def __init__(
        self, database: Database, clock: Clock, settings: SystemSettings, keys: PushKeys
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keys = keys

    async def set(self, company: str, url: str) -> PushAddressRecord:
        """Push results of this company's messages there from now on, those too that are due.

        Raises Problem UNKNOWN_COMPANY, PUSH_ADDRESS_REFUSED.
        """
        if not self._keys.private:
            raise _refused("keys.push_signing is not set, and nothing is pushed unsigned")
        check(url, self._settings)
        async with self._database.writing() as session:
            company_id = await company_called(session, company)
            await session.merge(PushAddress(company_id=company_id, url=url, set_at=self._clock()))
        return await self.record(company)

    async def withdraw(self, company: str) -> None:
        """Push nothing more. Raises Problem UNKNOWN_COMPANY, NO_PUSH_ADDRESS."""
        async with self._database.writing() as session:
            company_id = await company_called(session, company)
            address = await session.get(PushAddress, company_id)
            if address is None:
                raise Problem(Code.NO_PUSH_ADDRESS, company)
            await session.delete(address)

    async def record(self, company: str) -> PushAddressRecord:
        """Raises Problem UNKNOWN_COMPANY, NO_PUSH_ADDRESS."""
        async with self._database.reading() as session:
            company_id = await company_called(session, company)
            address = await session.get(PushAddress, company_id)
            if address is None:
                raise Problem(Code.NO_PUSH_ADDRESS, company)
            rows = await session.execute(
                select(Push.state, func.count())
                .where(Push.company_id == company_id)
                .group_by(Push.state)
            )
            counts = dict(rows.all())
            last = await session.scalar(
                select(Push.last)
                .where(Push.company_id == company_id, Push.tries > 0)
                .order_by(Push.message_id.desc())
                .limit(1)
            )
        return PushAddressRecord(
            url=address.url,
            set_at=address.set_at,
            due=counts.get("due", 0),
            given_up=counts.get("given_up", 0),
            last=last or "",
        )


def check(url: str, settings: SystemSettings) -> None:
    """Raises Problem PUSH_ADDRESS_REFUSED unless results may be pushed there."""
    try:
        parsed = URL(url)
        host = parsed.host or ""
        _ = parsed.port
    except ValueError:
        raise _refused("expected an absolute URL") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise _refused("expected an absolute URL of https")
    if parsed.user is not None or parsed.password is not None or parsed.fragment:
        raise _refused("expected no user, password or fragment")
    if host not in settings.push_hosts:
        raise _refused("this host is not in systems.push_hosts")
    if parsed.scheme == "http" and not _is_this_machine(host):
        raise _refused("expected https for any other machine than this")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(detail: str) -> Problem:
    return Problem(Code.PUSH_ADDRESS_REFUSED, "url", detail)


class GuardedResolver(AbstractResolver):
    """Resolves a name to addresses in the networks that the settings name and of the Internet, and
    to no others: whoever runs the name server of a host that is allowed reaches nothing of ours."""

    def __init__(self, settings: SystemSettings) -> None:
        self._networks = settings.push_networks
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [result for result in found if self._is_allowed(result["host"])]
        if not allowed:
            raise OSError(None, "resolves to no address that is allowed")
        return allowed

    def _is_allowed(self, address: str) -> bool:
        parsed = ip_address(address)
        return parsed.is_global or any(parsed in network for network in self._networks)

    async def close(self) -> None:
        await self._resolver.close()

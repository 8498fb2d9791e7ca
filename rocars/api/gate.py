"""Who may call an endpoint: the API key of a role, or of a company; how often; signed, if the key
asks for that."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from rocars.api.endpoint import Endpoint
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role
from rocars.service import Service
from rocars.systems.keys import KnownKey
from rocars.systems.rates import Rates
from rocars.systems.signatures import Signed

KEY_NAME = web.RequestKey("key_name", str)
"""Whose request it is, for the log: a role, or the ID of a company's key."""

COMPANY_KEY = web.RequestKey("company_key", str)
"""The ID of a company's key, once it is known."""


@dataclass(frozen=True)
class Admitted:
    """Whose key it is: a role's, or a company's with what its request's signature covers."""

    role: Role | None = None
    key: KnownKey | None = None
    signed: Signed | None = None


class Gate:
    def __init__(self, service: Service) -> None:
        self._service = service
        limits = service.settings.systems
        self._of_keys = Rates(limits.requests_per_minute)
        self._of_strangers = Rates(limits.refused_per_minute)

    async def admit(self, endpoint: Endpoint, request: web.Request) -> Admitted:
        """Raises Problem API_KEY_UNKNOWN, API_KEY_REFUSED, RIGHT_MISSING, SIGNATURE_REFUSED,
        TOO_MANY_REQUESTS."""
        if not endpoint.guarded:
            return Admitted()
        presented = request.headers.get("X-Api-Key", "")
        role = self._service.keys.role_of(presented)
        if role is not None:
            request[KEY_NAME] = role.value
            if role not in endpoint.roles:
                raise Problem(Code.API_KEY_REFUSED)
            return Admitted(role=role)
        key = await self._service.company_keys.found(presented)
        if key is None:
            self._of_strangers.take(request.remote or "")
            raise Problem(Code.API_KEY_UNKNOWN)
        request[KEY_NAME] = key.id
        self._of_keys.take(key.id)
        request[COMPANY_KEY] = key.id  # what goes beyond the limit is in no log of uses
        if not endpoint.rights:
            raise Problem(Code.API_KEY_REFUSED)
        signed = None
        if key.public_key is not None:
            signed = await self._service.request_signatures.verified(request, key)
        if not endpoint.rights & key.rights:
            needed = " or ".join(sorted(endpoint.rights))
            raise Problem(Code.RIGHT_MISSING, detail=f"expected a key with the right to {needed}")
        return Admitted(key=key, signed=signed)

"""Sends a text message to the gateway."""

from __future__ import annotations

import aiohttp

from ground.sms.settings import SmsSettings


class NotSent(Exception):
    """The gateway did not take a message, or it is unknown whether it did."""


class SmsGateway:
    """Belongs to one event loop. Opened by its first use; end it with `close`."""

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, to: str, text: str, key: str) -> None:
        """Send one message. It is never tried twice: whoever asked for it is told of a failure, and
        can ask again.

        Args:
            to: receiver, E.164.
            key: sent as Idempotency-Key, for gateways that recognise repeated messages by it.

        Raises:
            NotSent: any answer but 2xx, or none.
        """
        fields = {
            **self._settings.more,
            self._settings.to_field: to,
            self._settings.text_field: text,
        }
        headers = {"Idempotency-Key": key}
        if token := self._settings.token.get_secret_value():
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with self._connected().post(
                self._settings.url,
                json=fields if self._settings.body == "json" else None,
                data=fields if self._settings.body == "form" else None,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise NotSent(f"status {answer.status}")
        except TimeoutError:
            raise NotSent("no answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            raise NotSent(type(failure).__name__) from None

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s)
            )
        return self._session

"""What a page tells once: carried by the browser from what caused it to the next page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

MOST = 3
LONGEST = 300
"""Characters of one; a cookie holds 4096 bytes, and one of Chinese takes four of them."""


@dataclass(frozen=True)
class Notice:
    text: str
    bad: bool = False


_TOLD = web.RequestKey("told", list[Notice])


class Notices:
    """In a cookie, so that whichever process shows the next page has them, and nobody else does.

    `carry` is to be called with every answer, as a middleware does.
    """

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie

    def tell(self, request: web.Request, text: str, *, bad: bool = False) -> None:
        """Have it said on the page that this request leads to."""
        if _TOLD not in request:
            request[_TOLD] = []
        request[_TOLD].append(Notice(text[:LONGEST], bad))

    def shown(self, request: web.Request) -> Sequence[Notice]:
        """What the page being made now tells; it is not told again."""
        notices = [*self._brought(request), *request.get(_TOLD, [])]
        request[_TOLD] = []
        return notices

    def carry(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Send what has not been shown along with the answer, and take back what has been."""
        if answer.prepared or _TOLD not in request:
            return
        waiting = request[_TOLD][-MOST:]
        if waiting:
            content = json.dumps(
                [[notice.text, notice.bad] for notice in waiting], ensure_ascii=False
            )
            value = base64.urlsafe_b64encode(content.encode()).decode()
            answer.set_cookie(self._cookie, value, httponly=True, samesite="Lax", path="/")
        elif self._cookie in request.cookies:
            answer.del_cookie(self._cookie, path="/")

    def _brought(self, request: web.Request) -> Sequence[Notice]:
        value = request.cookies.get(self._cookie, "")
        try:
            pairs = json.loads(base64.urlsafe_b64decode(value)) if value else []
            return [Notice(str(text)[:LONGEST], bool(bad)) for text, bad in pairs][:MOST]
        except (ValueError, TypeError, binascii.Error):
            return []  # somebody wrote it themselves

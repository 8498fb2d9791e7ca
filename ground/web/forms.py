"""What a browser sends: bounded, from a page of ours, with the token of its session."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_request import FileField

LARGEST_FORM = 64_000
TOKEN = "csrf"

FOREIGN = "This form is of another site."
TOO_SLOW = "The form came too slowly."
UNREADABLE = "The form could not be read."
UNTYPED = "There are characters in it that nobody can read."
OLD = "The page was too old, or not ours. Go back and try again."
REFUSALS = (FOREIGN, TOO_SLOW, UNREADABLE, UNTYPED, OLD)
"""Why a form is not taken, in English."""

UNREADABLE_RAISES = (ValueError, LookupError, AssertionError, RuntimeError, HttpProcessingError)
"""What aiohttp raises of a body that is none."""

BODY_BEGINS_S = 10.0
SLOWEST_BODY = 20_000
"""Bytes a second; a form that comes more slowly is not waited for."""


@dataclass(frozen=True)
class Form:
    """The fields of one form. `files` have been written to temporary files by aiohttp."""

    fields: Mapping[str, str]
    files: Mapping[str, tuple[FileField, ...]]

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    async def file(self, name: str) -> bytes:
        """What was uploaded; empty if nothing was."""
        found = self.files.get(name)
        return found[0].file.read() if found else b""

    def each(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Name and content of every file of a field."""
        for upload in self.files.get(name, ()):
            yield upload.filename, upload.file.read()


def number_in(given: str, digits: int = 9) -> int | None:
    """A number as a form or an address gives it; None for what is none, or has more digits."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= digits else None


def check_same_origin(request: web.Request, public_url: str) -> None:
    """Refuse what another site makes a browser send. Raises HTTPForbidden.

    `Sec-Fetch-Site` is sent by every browser of today; `Origin` by those before.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise web.HTTPForbidden(text=FOREIGN)
        return
    origin = request.headers.get("Origin")
    if origin is None:
        return  # no browser; the token decides
    here = {host for host in (request.host, urlsplit(public_url).netloc) if host}
    # "null" is what a page without an origin sends: a sandboxed frame, a file.
    if _host_of(origin) not in here:
        raise web.HTTPForbidden(text=FOREIGN)


def _host_of(origin: str) -> str:
    """Empty for what is no origin of a web."""
    try:
        parsed = urlsplit(origin)
    except ValueError:
        return ""
    return parsed.netloc if parsed.scheme in ("http", "https") else ""


async def read_form(request: web.Request, largest: int = LARGEST_FORM) -> Form:
    """Raises HTTPRequestEntityTooLarge, HTTPBadRequest, HTTPRequestTimeout."""
    length = request.content_length or 0
    if length > largest:
        raise web.HTTPRequestEntityTooLarge(largest, length)
    bounded = request.clone(client_max_size=largest)
    try:
        async with asyncio.timeout(BODY_BEGINS_S + (length or largest) / SLOWEST_BODY):
            read = await bounded.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=TOO_SLOW) from None
    except UNREADABLE_RAISES as failure:
        raise web.HTTPBadRequest(text=UNREADABLE) from failure
    fields = {name: value for name, value in read.items() if isinstance(value, str)}
    for text in (*fields, *fields.values()):
        check_text(text)
    files = {
        name: tuple(field for field in read.getall(name) if isinstance(field, FileField))
        for name in read
    }
    return Form(fields, files)


def check_text(text: str) -> None:
    """Refuse what no keyboard types and no database takes. Raises HTTPBadRequest."""
    if any(
        (letter < " " and letter not in "\t\n\r") or "\ud800" <= letter <= "\udfff"
        for letter in text
    ):
        raise web.HTTPBadRequest(text=UNTYPED)


class OldForm(web.HTTPForbidden):
    """The form is of an earlier session, or not of a page of ours; `form` is what was typed."""

    def __init__(self, form: Form) -> None:
        super().__init__(text=OLD)
        self.form = form


class LoggedOut(web.HTTPSeeOther):
    """The session ended while somebody typed; `form` is what. The way to the log-in page, for who
    does not show it again."""

    def __init__(self, there: str, form: Form) -> None:
        super().__init__(there)
        self.form = form


def check_token(request: web.Request, form: Form, token: str) -> None:
    """Raises OldForm."""
    given = request.headers.get("X-CSRF-Token") or form.text(TOKEN)
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode()):
        raise OldForm(form)

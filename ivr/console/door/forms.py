"""What a browser sends: bounded, from a page of ours, with the token of its session."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.web_request import FileField

LARGEST_FORM = 64_000
TOKEN = "csrf"


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
        for one in self.files.get(name, ()):
            yield one.filename, one.file.read()


def must_be_ours(request: web.Request, public_url: str) -> None:
    """Refuse what another site makes a browser send. Raises HTTPForbidden.

    `Sec-Fetch-Site` is sent by every browser of today; `Origin` by those before.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="This form is of another site.")
        return
    origin = request.headers.get("Origin")
    if origin is None:
        return  # no browser; the token decides
    here = {request.host, urlsplit(public_url).netloc}
    if urlsplit(origin).netloc not in here:
        raise web.HTTPForbidden(text="This form is of another site.")


async def read_form(request: web.Request, largest: int = LARGEST_FORM) -> Form:
    """Raises HTTPRequestEntityTooLarge, HTTPBadRequest."""
    if (request.content_length or 0) > largest:
        raise web.HTTPRequestEntityTooLarge(largest, request.content_length or 0)
    bounded = request.clone(client_max_size=largest)
    try:
        read = await bounded.post()
    except (ValueError, KeyError) as failure:
        raise web.HTTPBadRequest(text="This is no form.") from failure
    fields = {name: value for name, value in read.items() if isinstance(value, str)}
    files = {
        name: tuple(one for one in read.getall(name) if isinstance(one, FileField)) for name in read
    }
    return Form(fields, files)


def must_have_token(request: web.Request, form: Form, token: str) -> None:
    """Raises HTTPForbidden."""
    given = request.headers.get("X-CSRF-Token") or form.text(TOKEN)
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise web.HTTPForbidden(text="The page was too old, or not ours. Go back and try again.")

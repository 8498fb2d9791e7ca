"""Where a request comes from, and where it may be sent on to."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from ground.web.proxies import LOOPBACK

_AS_THEY_ARE = "/?:@!$&'()*+,;=-._~%[]"
"""Characters that may stand in a path or query (RFC 3986, 3.3 and 3.4)."""


def own_path(path: str) -> str:
    """A path of this site, with nothing in it that a browser reads differently; anything else
    leads to the first page.

    Browsers drop tabs and line ends wherever they stand and take a backslash for a slash (URL
    Standard, 4.4), and proxies resolve dot segments: whatever has any of them is refused.
    """
    if not path.startswith("/") or path.startswith("//"):
        return "/"
    if any(ord(letter) <= 0x20 or ord(letter) == 0x7F or letter == "\\" for letter in path):
        return "/"
    try:
        parsed = urlsplit(path)
        written = quote(path.partition("#")[0], safe=_AS_THEY_ARE)
    except ValueError:  # half a surrogate pair, a bracket that is not closed
        return "/"
    read = unquote(parsed.path).replace("\\", "/")
    steps = read.split("/")
    if any(ord(letter) < 0x20 for letter in read):
        return "/"
    if parsed.scheme or parsed.netloc or "." in steps or ".." in steps or "" in steps[1:-1]:
        return "/"
    return written


def page_of(request: web.Request) -> str:
    """The page that somebody is on: what they asked for, or where the form stood that they sent."""
    if request.method == "GET":
        return request.path_qs
    try:
        came = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    return own_path(came.path + (f"?{came.query}" if came.query else ""))


def is_secure(request: web.Request, public_url: str) -> bool:
    """Whether the browser speaks TLS with us, or with a proxy before us."""
    return request.secure or public_url.startswith("https:")


def address_of(request: web.Request, public_url: str, proxies: Sequence[str] = LOOPBACK) -> str:
    """Where the browser is. What X-Forwarded-For says is believed of our proxies alone, from the
    right: what stands left of the first stranger is the stranger's own word.

    Args:
        public_url: empty: no proxy stands before us, and none is believed.
        proxies: networks of our proxies.
    """
    peer = request.remote or "?"
    if not public_url:
        return peer
    networks = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
    named = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    while _is_in(peer, networks) and named:
        forwarded = named.pop().strip()
        if _parsed(forwarded) is None:
            break
        peer = forwarded
    return peer


def _is_in(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None

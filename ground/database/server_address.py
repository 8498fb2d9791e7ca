"""Where a PostgreSQL server is, as libpq's URLs say it and SQLAlchemy's do not.

libpq takes several hosts, each with its port, and the folder of a Unix socket with its slashes
escaped, before the name of the database (its manual, "Connection URIs"). SQLAlchemy has parameters
for that: `?host=a,b&port=5432,5433`.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

USUAL_PORT = 5432

_PARTS = re.compile(
    r"(?P<scheme>[\w+]+://)(?P<login>[^:/]*(?::[^@]*)?@)?(?P<hosts>[^/?]*)"
    r"(?P<database>/[^?]*)?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HOST = re.compile(r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]*))?")


def hosts_as_parameters(url: str) -> str:
    """Give the URL with its hosts as parameters if only libpq understands them, otherwise as it is.

    Raises ValueError for a host or port that cannot be read.
    """
    parts = _PARTS.fullmatch(url)
    if parts is None or not ("," in parts["hosts"] or "%2f" in parts["hosts"].lower()):
        return url
    places = [_host_and_port(place) for place in parts["hosts"].split(",")]
    hosts = quote(",".join(host for host, _ in places), safe="/,:")
    ports = ",".join(str(port) for _, port in places)
    where = f"host={hosts}&port={ports}"
    more = f"&{parts['query']}" if parts["query"] else ""
    return f"{parts['scheme']}{parts['login'] or ''}{parts['database'] or '/'}?{where}{more}"


def _host_and_port(place: str) -> tuple[str, int]:
    found = _HOST.fullmatch(place)
    if found is None:
        raise ValueError(f"no host and port: {place}")
    port = int(found["port"] or USUAL_PORT)
    return found["ipv6"] or unquote(found["name"]), port

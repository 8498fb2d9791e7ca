"""Converts PostgreSQL URLs, as hosting providers give them, to arguments of asyncpg.

Such URLs are written for libpq (its manual, section "Connection Strings"). asyncpg does not take
libpq's parameters: sslmode, connect_timeout and others would pass a check and fail at use.
"""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SAWarning

from ground.database.server_address import USUAL_PORT, hosts_as_parameters

DRIVER = "postgresql+asyncpg"
_PLAIN = ("postgres", "postgresql")
_SESSIONS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OLDEST_TLS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_TLS = ("sslmode", "ssl", "sslrootcert", "sslcert", "sslkey", "sslnegotiation")
_KNOWN = (
    *_TLS,
    "ssl_min_protocol_version",
    "application_name",
    "fallback_application_name",
    "connect_timeout",
    "options",
    "pgbouncer",
    "target_session_attrs",
    "client_encoding",
    "prepared_statement_cache_size",
)
_WHERE = ("host", "port")
"""Parameters that say where the server is, or its folder of sockets; SQLAlchemy reads them."""
_IGNORED = (
    "channel_binding",
    "gssencmode",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "sslsni",
)
"""asyncpg has no counterpart, and the connection works as well without."""


class BadDatabaseUrl(ValueError):
    """A URL that cannot be used; the text says which part is wrong, and never contains a
    password."""


def database_url(written: str, drivers: tuple[str, ...]) -> str:
    """Check a URL and give it with the driver that we use. All its parameters must be known.

    ``postgres://`` and ``postgresql://``, as hosts write them, get our driver; several hosts and a
    folder of sockets, as libpq writes them, become parameters. Raises BadDatabaseUrl.
    """
    expected = " or ".join(f"{driver}://..." for driver in drivers)
    try:
        written = hosts_as_parameters(written.strip())  # a file ends with a line end
        url = make_url(written)
    except (ArgumentError, ValueError):
        raise BadDatabaseUrl(
            f"expected a database URL, {expected}; a host, or several as A:5432,B:5432, and a "
            "whole number for its port"
        ) from None
    if url.drivername in _PLAIN and DRIVER in drivers:
        url = url.set(drivername=DRIVER)
        written = f"{DRIVER}://{written.partition('://')[2]}"
    if url.drivername not in drivers:
        raise BadDatabaseUrl(f"expected {expected}, not {url.drivername}://")
    if url.drivername == DRIVER:
        url, _ = arguments(url)
    _check_place(url)
    return written


def _check_place(url: URL) -> None:
    """Have the driver read where the database is. Raises BadDatabaseUrl."""
    if "@" in (url.host or ""):
        raise BadDatabaseUrl(
            "the database URL has more than one @: in a name or password it is written %40"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # a parameter that nobody reads
            _, where = url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError, SAWarning) as failure:
        what = " ".join(str(failure.args[0]).split())
        raise BadDatabaseUrl(f"the database URL cannot be used: {what}") from None
    ports = where.get("port", USUAL_PORT)
    for port in ports if isinstance(ports, list) else [ports]:
        if not 0 < port < 1 << 16:
            raise BadDatabaseUrl(f"expected ports up to 65535 in the database URL, not {port}")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise BadDatabaseUrl("expected a file: each process would have a database of its own")


def arguments(url: URL) -> tuple[URL, dict[str, Any]]:
    """Split a URL into the URL without parameters and the arguments of asyncpg.

    Raises BadDatabaseUrl for an unknown parameter, a wrong value or an unusable certificate file.
    """
    given = {
        name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()
    }
    unknown = [name for name in given if name not in _KNOWN + _WHERE + _IGNORED]
    if unknown:
        raise BadDatabaseUrl(
            f"the database URL has parameters we do not know: {', '.join(sorted(unknown))}; "
            f"known: {', '.join(_KNOWN)}"
        )
    twice = [name for name in url.query if name in _KNOWN and not isinstance(url.query[name], str)]
    if twice:
        raise BadDatabaseUrl(f"the database URL has {', '.join(twice)} more than once")
    made: dict[str, Any] = {}
    if any(name in given for name in _TLS):
        made["ssl"] = _ssl(given)
        if _tls_at_once(given, made["ssl"]):
            made["direct_tls"] = True
    server = {}
    for name in ("fallback_application_name", "application_name"):
        if name in given:
            server["application_name"] = given[name]
    for setting in _options(given.get("options", "")):
        server[setting[0]] = setting[1]
    if given.get("client_encoding", "auto").lower().replace("-", "") not in ("auto", "utf8"):
        raise BadDatabaseUrl("expected client_encoding to be UTF8: it is what we speak")
    if server:
        made["server_settings"] = server
    if "connect_timeout" in given:
        seconds = _whole_number("connect_timeout", given["connect_timeout"])
        if seconds:  # To libpq, 0 means no limit; the settings have our longest wait.
            made["timeout"] = float(seconds)
    if "target_session_attrs" in given:
        if given["target_session_attrs"] not in _SESSIONS:
            raise BadDatabaseUrl(
                f"expected target_session_attrs to be one of {', '.join(_SESSIONS)}, not "
                f"{given['target_session_attrs']}"
            )
        made["target_session_attrs"] = given["target_session_attrs"]
    if "prepared_statement_cache_size" in given:
        made["prepared_statement_cache_size"] = _whole_number(
            "prepared_statement_cache_size", given["prepared_statement_cache_size"]
        )
    if given.get("pgbouncer", "").lower() in ("true", "1", "yes"):
        # In transaction mode each transaction may meet another server process, which knows no
        # statement prepared before, or another one of the same name.
        made["prepared_statement_cache_size"] = 0
        made["statement_cache_size"] = 0
        made["prepared_statement_name_func"] = lambda: f"__rocars_{uuid4().hex}__"
    where = {name: value for name, value in url.query.items() if name in _WHERE}
    return url.set(query=where), made


def _ssl(given: dict[str, str]) -> ssl.SSLContext | str | bool:
    roots = given.get("sslrootcert", "")
    # Who names a root certificate wants it used; "system" is verify-full to libpq too.
    usual = {"": "prefer", "system": "verify-full"}.get(roots, "verify-ca")
    mode = given.get("sslmode") or given.get("ssl", usual)
    if mode in ("true", "false"):
        mode = "require" if mode == "true" else "disable"
    if mode not in _SSL_MODES:
        raise BadDatabaseUrl(f"expected sslmode to be one of {', '.join(_SSL_MODES)}, not {mode}")
    if "sslkey" in given and "sslcert" not in given:
        raise BadDatabaseUrl("the database URL has sslkey, but not the sslcert it belongs to")
    if mode == "disable":
        return False
    if mode in ("allow", "prefer"):
        if "sslcert" in given:
            raise BadDatabaseUrl(f"sslcert needs sslmode=require or more, not {mode}")
        return mode
    if mode == "require" and roots:
        mode = "verify-ca"  # the same as libpq does
    system = roots in ("", "system")
    try:
        context = ssl.create_default_context(cafile=None if system else str(Path(roots)))
        if given.get("sslcert"):
            context.load_cert_chain(given["sslcert"], given.get("sslkey") or None)
    except (OSError, ssl.SSLError) as failure:
        files = ", ".join(
            given[name] for name in ("sslrootcert", "sslcert", "sslkey") if name in given
        )
        raise BadDatabaseUrl(
            f"the certificates of the database URL cannot be read ({files}): "
            f"{failure.strerror or failure}"
        ) from None
    if oldest := given.get("ssl_min_protocol_version"):
        if oldest not in _OLDEST_TLS:
            raise BadDatabaseUrl(
                f"expected ssl_min_protocol_version to be one of {', '.join(_OLDEST_TLS)}, "
                f"not {oldest}"
            )
        context.minimum_version = _OLDEST_TLS[oldest]
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls_at_once(given: dict[str, str], mode: ssl.SSLContext | str | bool) -> bool:
    """Whether TLS begins before PostgreSQL's own protocol does; as with libpq, only where it must
    be."""
    how = given.get("sslnegotiation", "postgres")
    if how not in ("postgres", "direct"):
        raise BadDatabaseUrl(f"expected sslnegotiation to be postgres or direct, not {how}")
    if how == "direct" and not isinstance(mode, ssl.SSLContext):
        raise BadDatabaseUrl("sslnegotiation=direct needs sslmode=require or more")
    return how == "direct"


def _options(text: str) -> list[tuple[str, str]]:
    """Parse ``-c name=value`` and ``--name=value`` as libpq does."""
    settings = []
    words = text.replace("-c ", "-c").split()
    for word in words:
        name, is_set, value = word.removeprefix("--").removeprefix("-c").partition("=")
        if not is_set or not word.startswith("-"):
            raise BadDatabaseUrl(
                f"expected options as -c name=value in the database URL, not {word}"
            )
        settings.append((name, value))
    return settings


def _whole_number(name: str, value: str) -> int:
    if not value.isdecimal():
        raise BadDatabaseUrl(f"expected a whole number for {name} in the database URL, not {value}")
    return int(value)

"""Database URLs as hosts give them: understood, or named before anything is connected."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import pytest
from sqlalchemy.engine import make_url

from ground.database.postgresql import BadDatabaseUrl, arguments, database_url
from ivr.records.settings import DRIVERS

pytestmark = pytest.mark.unit

HOST = "postgresql+asyncpg://ivr:a%40b@db.example:5432/records"


def made(parameters: str) -> dict[str, object]:
    bare, given = arguments(make_url(f"{HOST}?{parameters}"))
    assert not bare.query
    assert bare.password == "a@b"
    return given


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_the_schemes_of_hosts_get_our_driver(scheme: str) -> None:
    written = f"{scheme}://ivr:a%40b@db.example/records?sslmode=require"
    assert database_url(written, DRIVERS) == (
        "postgresql+asyncpg://ivr:a%40b@db.example/records?sslmode=require"
    )


@pytest.mark.parametrize(
    ("mode", "checks", "name"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_what_is_checked_of_the_server(mode: str, checks: ssl.VerifyMode, name: bool) -> None:
    for parameter in ("sslmode", "ssl"):
        context = made(f"{parameter}={mode}")["ssl"]
        assert isinstance(context, ssl.SSLContext)
        assert (context.verify_mode, context.check_hostname) == (checks, name)


def test_a_root_certificate_is_used_and_makes_require_check_it() -> None:
    context = made(f"sslmode=require&sslrootcert={certifi.where()}")["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.get_ca_certs()


@pytest.mark.parametrize(("roots", "name"), [("system", True), (certifi.where(), False)])
def test_a_root_certificate_without_a_mode_is_not_named_in_vain(roots: str, name: bool) -> None:
    context = made(f"sslrootcert={roots}")["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, name)


def test_the_oldest_tls() -> None:
    context = made("sslmode=require&ssl_min_protocol_version=TLSv1.3")["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


def test_without_tls_and_as_it_comes() -> None:
    assert made("sslmode=disable") == {"ssl": False}
    assert made("sslmode=prefer") == {"ssl": "prefer"}
    assert made("") == {}


def test_name_waiting_and_options() -> None:
    given = made("application_name=ivr&connect_timeout=3&options=-c%20work_mem%3D8MB")
    assert given == {
        "server_settings": {"application_name": "ivr", "work_mem": "8MB"},
        "timeout": 3.0,
    }
    assert made("connect_timeout=0&channel_binding=require&keepalives_count=3") == {}
    assert made("fallback_application_name=a&application_name=b") == {
        "server_settings": {"application_name": "b"}
    }


def test_several_hosts() -> None:
    written = "postgres://ivr@/records?host=a:5432&host=b:5433&target_session_attrs=read-write"
    bare, given = arguments(make_url(database_url(written, DRIVERS)))
    assert bare.query["host"] == ("a:5432", "b:5433")
    assert given == {"target_session_attrs": "read-write"}


@pytest.mark.parametrize(
    ("where", "hosts", "ports"),
    [
        ("a:5432,b:5433", ["a", "b"], [5432, 5433]),
        ("a,b", ["a", "b"], [5432, 5432]),
        ("[2001:db8::1]:5433,db-2.example", ["2001:db8::1", "db-2.example"], [5433, 5432]),
        ("%2Frun%2Fpostgresql", "/run/postgresql", 5432),
        ("%2frun%2Fpostgresql:5433", "/run/postgresql", 5433),
    ],
)
def test_hosts_as_libpq_writes_them(where: str, hosts: object, ports: object) -> None:
    """Before, `a,b` was taken for the name of one host, and looked up in vain."""
    written = f"postgres://ivr:a%40b@{where}/records?sslmode=disable&application_name=ivr\n"
    url = make_url(database_url(written, DRIVERS))
    bare, given = arguments(url)
    _, asked = bare.get_dialect()().create_connect_args(bare)
    assert asked == {
        "host": hosts,
        "port": ports,
        "user": "ivr",
        "password": "a@b",
        "database": "records",
    }
    assert given == {"ssl": False, "server_settings": {"application_name": "ivr"}}


def test_a_folder_of_sockets_stays_in_the_url() -> None:
    written = "postgresql+asyncpg://ivr@/records?host=/run/postgresql&sslmode=disable"
    bare, given = arguments(make_url(database_url(written, DRIVERS)))
    assert (dict(bare.query), given) == ({"host": "/run/postgresql"}, {"ssl": False})


def test_a_pooler_in_transaction_mode_keeps_no_statements() -> None:
    given = made("pgbouncer=true")
    assert (given["statement_cache_size"], given["prepared_statement_cache_size"]) == (0, 0)
    name = given["prepared_statement_name_func"]
    assert callable(name)
    assert name() != name()


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ("sslmod=require", "parameters we do not know: sslmod;"),
        ("sslmode=always", "expected sslmode to be one of disable"),
        ("sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem"),
        ("connect_timeout=soon", "a whole number for connect_timeout"),
        ("options=work_mem", "options as -c name=value"),
        ("options=endpoint%3Dep-cool-1", "options as -c name=value .*not endpoint"),
        ("sslmode=require&ssl_min_protocol_version=TLSv1", "TLSv1.2, TLSv1.3, not TLSv1"),
        ("schema=public&connection_limit=5", "do not know: connection_limit, schema"),
        ("sslmode=no-verify", "expected sslmode to be one of"),
        ("sslmode=require&sslmode=disable", "has sslmode more than once"),
        ("target_session_attrs=master", "any, primary, .* not master"),
        ("client_encoding=big5", "client_encoding to be UTF8"),
        ("host=a&host=b", "cannot be used: All ports are required"),
        ("host=a&host=b&port=1&port=2", "cannot be used: Can't mix"),
        ("port=70000", "ports up to 65535"),
        ("sslnegotiation=direct", "direct needs sslmode=require"),
        ("sslnegotiation=tls", "postgres or direct, not tls"),
        ("sslmode=require&sslkey=/k.pem", "sslkey, but not the sslcert"),
        ("sslmode=prefer&sslcert=/c.pem", "sslcert needs sslmode=require"),
    ],
)
def test_what_is_not_understood_is_named(parameters: str, problem: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=problem) as caught:
        database_url(f"{HOST}?{parameters}", DRIVERS)
    assert "a@b" not in str(caught.value)
    assert "a%40b" not in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        "mysql://a/b",
        "postgresql+psycopg2://a/b",
        "db.example",
        "host=h dbname=d",
        "postgres://a:1:2,b:1/d",
        "postgres://a:port/d",
    ],
)
def test_other_drivers_are_named(written: str, tmp_path: Path) -> None:
    with pytest.raises(BadDatabaseUrl, match="expected"):
        database_url(written, DRIVERS)
    assert database_url(f"sqlite+aiosqlite:///{tmp_path}/a", DRIVERS)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("postgres://ivr:a@b@db.example/records", "more than one @.*%40"),
        ("sqlite+aiosqlite://records.sqlite3", "cannot be used: Invalid SQLite URL"),
        ("sqlite+aiosqlite:///records.sqlite3?mod=ro", "cannot be used: .*'mod'"),
        ("sqlite+aiosqlite://", "expected a file"),
        ("sqlite+aiosqlite:///:memory:", "expected a file"),
    ],
)
def test_what_would_fail_at_use_is_named_before(written: str, problem: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=problem):
        database_url(written, DRIVERS)

"""PINs, codes, seeds and session tokens are nowhere: not in the database, not in the log."""

from __future__ import annotations

import base64

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from rocars.secrets.key_ring import KeyMissing, Role, load_keys
from rocars.secrets.settings import KeySettings
from tests.rocars.conftest import settings_for

pytestmark = pytest.mark.service


def keys_of(settings):
    return load_keys(settings.keys, settings.data_dir, embedded=settings.embedded)


PIN = "957153"  # unlike any number that appears otherwise


async def test_no_secret_in_database_bytes_or_log(small_world, tmp_path, capsys):
    world = small_world
    await world.driver("20000001")
    token = world.tokens["20000001"]
    reply = await world.ask(
        "POST",
        "/v1/drivers",
        {
            "user_id": "20000002",
            "company": "BR-1",
            "name": "X",
            "pin": PIN,
            "token": {"seed": token.seed.hex()},
        },
        role=Role.ADMIN,
    )
    assert reply.status == 201
    code = token.at(0)
    accepted = await world.key_in("20000002", PIN, code)
    assert accepted.status == 200
    await world.key_in("20000002", PIN, code)
    await world.bundle(accepted.body["session"], [await world.lodge()])
    await world.ask("POST", "/v1/log-in", raw=b'{"user_id": "1", "pin": "957153", "code": {}}')
    held = b"".join(path.read_bytes() for path in (tmp_path / "rocars").glob("rocars.sqlite3*"))
    assert b"20000002" in held  # what was written is really among these bytes
    log = "".join(capsys.readouterr())
    assert "login.accepted" in log
    seed = token.seed
    secrets = [
        PIN.encode(),
        accepted.body["session"].encode(),
        seed,
        seed.hex().encode(),
        base64.b32encode(seed),
        base64.b64encode(seed),
        *(key.encode() for key in world.running.keys.api_keys.values()),
    ]
    for secret in secrets:
        assert secret not in held
        assert secret.decode("latin-1") not in log
    assert "20000002" not in log
    # Six digits may occur in the file by chance (in a hash, say): looked for as a text of its own.
    assert b'"' + code.encode() + b'"' not in held
    assert code not in log


async def test_a_failure_within_does_not_print_what_was_keyed(small_world, capsys):
    """Even where the log shows local variables of a traceback, as structlog does by default."""
    world = small_world
    await world.driver()
    database = world.running.service.database
    async with database.writing() as session:
        await session.execute(text("ALTER TABLE security_token RENAME TO elsewhere"))
    reply = await world.key_in("20000001", PIN, "314159")
    assert (reply.status, reply.code) == (503, "unavailable")
    log = "".join(capsys.readouterr())
    assert "database.away" in log
    assert "no such table" in log
    for secret in (PIN, "314159", "20000001"):
        assert secret not in log


def test_keys_are_made_once_and_kept_private(tmp_path):
    settings = settings_for(tmp_path)
    first, second = keys_of(settings), keys_of(settings)
    assert first.api_keys == second.api_keys
    assert second.unlock_seed(first.lock_seed(b"x" * 20)) == b"x" * 20
    files = list((tmp_path / "rocars").iterdir())
    assert len(files) == len(Role) + 2  # and the keys of seeds and pushes
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    files[0].chmod(0o644)
    with pytest.raises(KeyMissing, match="0600"):
        keys_of(settings)


def test_without_embedded_mode_keys_must_be_given(tmp_path):
    with pytest.raises(KeyMissing, match=r"keys\.ivr must be set"):
        keys_of(settings_for(tmp_path, embedded=False))
    same = KeySettings(ivr=SecretStr("a" * 20), shipper=SecretStr("a" * 20))
    with pytest.raises(KeyMissing, match="different"):
        keys_of(settings_for(tmp_path, keys=same))
    with pytest.raises(KeyMissing, match="Fernet"):
        keys_of(settings_for(tmp_path, keys=KeySettings(token_seeds=SecretStr("short"))))


def test_without_a_key_of_cameras_no_camera_is_let_in(tmp_path):
    """A service that is not embedded goes on without the boundary's keys; nothing opens to them."""
    given = {role: SecretStr(role * 10) for role in ("ivr", "shipper", "admin")}
    seeds = SecretStr(Fernet.generate_key().decode())
    keys = keys_of(
        settings_for(tmp_path, embedded=False, keys=KeySettings(token_seeds=seeds, **given))
    )
    for role in (Role.CAMERA, Role.DISPLAY, Role.DEMO):
        assert role not in keys.api_keys
    assert keys.role_of("") is None
    assert keys.role_of("admin" * 10) is Role.ADMIN
    assert keys.pushes.private == {}


def test_an_api_key_can_be_changed(tmp_path):
    both = KeySettings(ivr=SecretStr(f"{'new' * 8}, {'old' * 8}"))
    keys = keys_of(settings_for(tmp_path, keys=both))
    assert keys.api_keys[Role.IVR] == "new" * 8
    assert [keys.role_of(key * 8) for key in ("new", "old", "any")] == [Role.IVR, Role.IVR, None]
    short = KeySettings(ivr=SecretStr("new" * 8 + ",old"))
    with pytest.raises(KeyMissing, match="at least 16"):
        keys_of(settings_for(tmp_path, keys=short))


def test_token_seed_keys_can_be_changed(tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    def ring(keys):
        return keys_of(settings_for(tmp_path, keys=KeySettings(token_seeds=SecretStr(keys))))

    locked = ring(old).lock_seed(b"s" * 20)
    assert ring(f"{new},{old}").unlock_seed(locked) == b"s" * 20
    with pytest.raises(KeyMissing):
        ring(new).unlock_seed(locked)

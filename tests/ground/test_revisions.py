"""What is read of the migrations without running them is what Alembic knows of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from ground.database.migrate import Migrations
from ground.database.revisions import revisions_in
from ivr.records.migrations.upgrade import MIGRATIONS as RECORDS
from rocars.store.migrations.upgrade import MIGRATIONS as ROCARS

pytestmark = pytest.mark.unit


def written(folder: Path, **revisions: str) -> Path:
    """A folder of migrations, each with the one before it; empty: none."""
    for name, former in revisions.items():
        before = repr(former) if former else None
        (folder / f"{name}.py").write_text(f"revision = {name!r}\ndown_revision = {before}\n")
    return folder


@pytest.mark.parametrize("migrations", [RECORDS, ROCARS], ids=["records", "rocars"])
def test_all_are_known_and_the_newest_is_found(migrations: Migrations) -> None:
    scripts = ScriptDirectory.from_config(migrations.config())
    found = revisions_in(migrations.versions)
    assert found.newest == scripts.get_current_head()
    assert found.known == {script.revision for script in scripts.walk_revisions()}


def test_alembic_speaks_to_the_present_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """This module loaded it while there was another one."""
    RECORDS.config().print_stdout("nothing to do")
    assert capsys.readouterr().out == "nothing to do\n"


def test_the_newest_is_the_one_that_none_comes_after(tmp_path: Path) -> None:
    found = revisions_in(written(tmp_path, b="a", a="", c="b"))
    assert found.newest == "c"
    assert found.known == {"a", "b", "c"}


@pytest.mark.parametrize("revisions", [{}, {"a": "", "b": "a", "c": "a"}], ids=["none", "two"])
def test_without_one_newest_nothing_is_migrated(tmp_path: Path, revisions: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected one newest revision"):
        revisions_in(written(tmp_path, **revisions))

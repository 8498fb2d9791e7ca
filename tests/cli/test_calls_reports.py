"""Reports of scripted calls: folders are made, and what cannot be written is said first."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ivr.cli import calls

pytestmark = pytest.mark.unit


def checked(*reports: Path) -> tuple[int, str]:
    """Exit code and what is said, of a command that does nothing but look at its reports."""
    app = typer.Typer()

    @app.command()
    def look() -> None:
        calls._check_reports(*reports, None)

    done = CliRunner().invoke(app, [])
    return done.exit_code, done.output


def test_folders_of_reports_are_made(tmp_path: Path) -> None:
    junit, html = tmp_path / "a" / "b" / "out.xml", tmp_path / "c" / "out.html"
    assert checked(junit, html) == (0, "")
    assert junit.parent.is_dir()
    assert html.parent.is_dir()
    assert not junit.exists()


def test_a_report_that_is_there_is_left_until_it_is_written(tmp_path: Path) -> None:
    report = tmp_path / "out.xml"
    report.write_text("of yesterday")
    assert checked(report) == (0, "")
    assert report.read_text() == "of yesterday"


def test_a_folder_below_a_file_and_a_report_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for report in (tmp_path / "file" / "out.xml", tmp_path):
        code, output = checked(report)
        assert code == calls.USAGE
        assert f"the report {report} cannot be written" in " ".join(output.split())

"""The files a node reads and the folder it writes to."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.call.hotline_calendar import CalendarUnreadable, HotlineCalendar
from ivr.preflight.findings import Finding
from ivr.preflight.plain_words import plain, whose

if TYPE_CHECKING:
    from ivr.settings.service import Settings

LONGEST_SOCKET_PATH = 107
"""The longest path of a Unix socket on Linux, unix(7); Kamailio has one in the data folder."""

_SOCKET = "kamailio/asks-4194304"
_LEAST_FREE_MB = 20
_MOST_LOOKED_AT = 500
"""So many entries of each folder in the data folder are checked."""
_SQLITE = b"SQLite format 3\0"
_LARGE_PARTS = ("am/final.mdl", "graph/words.txt", "conf/model.conf")
"""Files of a model without which Vosk cannot work."""


def data_findings(settings: Settings) -> list[Finding]:
    """Whether the data folder can be made and written, and has room."""
    folder = settings.node.data.resolve()
    name = "node.data"
    if len(os.fsencode(folder / _SOCKET)) > LONGEST_SOCKET_PATH:
        most = LONGEST_SOCKET_PATH - len(_SOCKET) - 1
        return [
            Finding(name, f"{folder} is too long for Kamailio's socket in it: {most} bytes at most")
        ]
    there = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if not os.path.isdir(there):
        return [Finding(name, f"{there} is no folder; set it to one that can be written")]
    try:
        with tempfile.TemporaryFile(dir=there) as trial:
            trial.write(b"1")
    except OSError as failure:
        return [Finding(name, f"{there} cannot be written: {_why(failure, there)}")]
    if stranger := _not_ours(folder):
        return [Finding(name, f"{stranger} cannot be written: {whose(stranger)}")]
    room = os.statvfs(there)
    free_mb = room.f_bavail * room.f_frsize // 1_000_000
    if free_mb < _LEAST_FREE_MB:
        return [
            Finding(
                name,
                f"{there} has {free_mb} MB free, and records need {_LEAST_FREE_MB} to begin with",
            )
        ]
    return []


def _why(failure: OSError, there: Path) -> str:
    if failure.errno in (errno.EACCES, errno.EPERM):
        return whose(there)
    return plain(OSError(failure.errno, failure.strerror))


def _not_ours(folder: Path) -> Path | None:
    """Files that an earlier run as another user left in the data folder and that we cannot
    write."""
    if not os.path.isdir(folder):
        return None
    within = [folder, *(Path(entry) for entry in os.scandir(folder) if entry.is_dir())]
    for place in within:
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            return place
        for entry in itertools.islice(os.scandir(place), _MOST_LOOKED_AT):
            theirs = entry.stat(follow_symlinks=False).st_uid != os.geteuid()
            if theirs and not os.access(entry.path, os.R_OK | os.W_OK):
                return Path(entry.path)
    return None


def records_findings(settings: Settings) -> list[Finding]:
    """A database in a file must have a folder that can be written."""
    kind, _, path = settings.records.database_url.partition(":///")
    if not kind.startswith("sqlite") or not path:
        return []
    folder = Path(path).resolve().parent
    there = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    file = Path(path)
    name = "records.database_url"
    if os.path.isfile(file):
        if not os.access(file, os.R_OK | os.W_OK):
            return [Finding(name, f"{path} cannot be written: {whose(file)}")]
        return [] if _is_sqlite(file) else [Finding(name, f"{path} is no SQLite database")]
    if os.path.isdir(there) and os.access(there, os.W_OK | os.X_OK) and not os.path.exists(file):
        return []
    if os.path.exists(file):
        return [Finding(name, f"{path} is no file; name another one")]
    if not os.path.isdir(there):
        return [Finding(name, f"{path} cannot be made: {there} is no folder")]
    return [Finding(name, f"{path} cannot be made: {whose(there)}")]


def _is_sqlite(file: Path) -> bool:
    """Whether it is SQLite, by its first bytes (sqlite.org/fileformat2, 1.3); an empty file becomes
    SQLite."""
    with file.open("rb") as opened:
        return opened.read(len(_SQLITE)) in (b"", _SQLITE)


def recording_findings(settings: Settings) -> list[Finding]:
    """Recordings of every language; `rocars-ivr prompts check` checks the single clips."""
    own = settings.prompts.recordings
    folder = own or Path(__file__).parents[2] / "prompts" / "recordings"
    missing = [
        str(language)
        for language in settings.flows.languages
        if not os.access(folder / language / "manifest.json", os.R_OK)
    ]
    if not missing:
        return []
    return [
        Finding(
            "prompts.recordings",
            f"{folder} has no recordings for {', '.join(missing)} (manifest.json); set it to a "
            "folder of recordings, or leave it empty for those that come along",
        )
    ]


def model_findings(settings: Settings) -> list[Finding]:
    """A language without its model is keypad only: reported, but no reason not to start."""
    if not settings.speech.enabled:
        return []
    findings = []
    for language in settings.flows.languages:
        folder = settings.speech.model_directory(language)
        missing = [part for part in _LARGE_PARTS if not os.access(folder / part, os.R_OK)]
        if missing:
            findings.append(
                Finding(
                    f"speech.models.{language}",
                    f"{folder} is no speech model ({missing[0]} is missing): callers have the "
                    "keypad alone in that language",
                    fatal=False,
                )
            )
    return findings


def calendar_findings(settings: Settings) -> list[Finding]:
    """The hours of the hotline."""
    rules = settings.flows
    findings = []
    for name, hours, holidays in (
        ("flows.hotline_hours", rules.hotline_hours, ()),
        *(("flows.hotline_holidays", None, (path,)) for path in rules.hotline_holidays),
    ):
        try:
            HotlineCalendar(hours, holidays).at(datetime.now(UTC))
        except CalendarUnreadable as failure:
            findings.append(Finding(name, str(failure)))
    return findings


def scenario_findings(settings: Settings) -> list[Finding]:
    """The call that the service places to itself."""
    scenario = settings.self_test.scenario
    if scenario is None or os.access(scenario, os.R_OK):
        return []
    return [Finding("self_test.scenario", f"{scenario} cannot be read")]

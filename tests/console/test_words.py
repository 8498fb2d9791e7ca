"""Every word of the pages is there in both languages."""

from __future__ import annotations

import ast
import re
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import ivr.console
from ground.web.catalogues import LANGUAGES
from ivr.console import shown
from ivr.console.alerts import conditions
from ivr.console.alerts.delivery import TITLES
from ivr.console.app import ROOMS
from ivr.console.door.refusals import OURS, TYPED
from ivr.console.faults import REASONS
from ivr.console.health import (
    DISK_FULL,
    DRAINING,
    FRONT_DOWN,
    INTERPRETED,
    KEYPAD_ONLY,
    NO_WORKER,
    NOT_TESTED,
    OVERLOADED,
)
from ivr.console.pages import audit_log, calls, figures, telephone, waiting
from ivr.console.rendering import LOOK
from ivr.console.reports.letter import COMPARED_WITH, LABELS
from ivr.console.reports.letter import TITLES as REPORT_TITLES
from ivr.console.self_test import FAILED
from ivr.console.what_became import SAID
from ivr.console.words import WORDS
from ivr.dialogue.line import Transfer
from ivr.dialogue.trace import StepKind
from ivr.drawing.book import flow_graphs
from ivr.drawing.words import title
from ivr.node.scoreboard import SUPERVISOR_STILL, WORKER_STILL, WorkerState
from ivr.node.start_failures import CANNOT_START
from ivr.records.alert_kinds import AlertEvent, AlertKind, Channel
from ivr.records.announcement_tables import AnnouncementKind, AnnouncementPlace
from ivr.records.node_tables import OrderKind
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy
from ivr.records.prompt_tables import Source, VersionState
from ivr.records.report_periods import ReportPeriod
from ivr.records.roles import Role
from ivr.records.token_tables import Scope
from ivr.studio.clips import PLACES
from ivr.studio.importing import REASONS as NOT_LISTENED_TO
from speech.languages.language import Language

pytestmark = pytest.mark.unit

DIRECTORY = Path(ivr.console.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext:babel_extract")]
OF_ALERTS: tuple[type[StrEnum], ...] = (AlertEvent, AlertKind, Channel)
NOTED_BY = ("audit.note", "audit.write", "audit.deeds_from", "deeds_from")
PLACE = re.compile(r"%\(\w+\)[.\d]*[a-z]")


def written() -> set[str]:
    """All that templates and code say to a person."""
    found = set()
    options = {"templates/**.j2": {"newstyle": "true"}}
    for _, _, message, _, _ in extract_from_dir(DIRECTORY, METHODS, options):
        found.add(message if isinstance(message, str) else message[0])
    return found


def chosen() -> set[str]:
    """Words that come from closed sets."""
    sets = (CallOutcome, EndedBy, VersionState, Source, Role, BundleRequestState, OrderKind)
    words = {shown.word(word.value) for kind in sets for word in kind}
    words |= {shown.word(kind.value) for kind in AnnouncementKind}
    words |= {shown.word(place.value) for place in AnnouncementPlace}
    words |= set(OVERLOADED.values()) | {KEYPAD_ONLY, FRONT_DOWN, NO_WORKER, DRAINING, DISK_FULL}
    words |= {shown.word(kind.value) for kinds in OF_ALERTS for kind in kinds}
    words |= {*TITLES.values()} | {
        text for text in vars(conditions).values() if isinstance(text, str) and "%(" in text
    }
    words |= {*REPORT_TITLES.values(), *COMPARED_WITH.values(), *LABELS}
    words |= {shown.word(period.value) for period in ReportPeriod}
    words |= {INTERPRETED, NOT_TESTED, FAILED, CANNOT_START, SUPERVISOR_STILL, WORKER_STILL}
    frame = {LOOK.name, LOOK.home[1], LOOK.without_database}
    frame |= {entry.name for room in ROOMS for entry in room.entries}
    frame |= {entry.name for entry in telephone.pages(Role.OPERATOR).entries}
    words |= {shown.word(kind.value) for kinds in (StepKind, Transfer) for kind in kinds}
    words |= {shown.word(scope.value) for scope in Scope}
    words |= {state.name.lower() for state in WorkerState} | {"bundle", "unbundle"}
    words |= {title(flow) for flow in flow_graphs()} | {*SAID, *TYPED.values(), *PLACES}
    words |= {*figures.FIELDS.values(), *waiting.FIELDS.values()}
    words |= {*OURS, *calls.FIELDS.values(), *audit_log.FIELDS.values(), *NOT_LISTENED_TO}
    words |= deeds() | details() | refusals()
    return words | frame | {"not chosen yet"} | set(REASONS.values())


def refusals() -> set[str]:
    """What the rooms below say when they refuse something that a person asked for."""
    root, found = DIRECTORY.parents[1], set()
    kinds = dict.fromkeys(
        ("NotPossible", "NotAllowed", "BadWords", "BadSet", "WeakPassword", "TokenRefused")
    )
    for folder in ("ivr/records", "ivr/studio", "ground/web"):
        for _, _, message, _, _ in extract_from_dir(
            root / folder, [("**.py", "python")], keywords=kinds
        ):
            found.add(message if isinstance(message, str) else message[0])
    assert len(found) > 20
    return found


def deeds() -> set[str]:
    """What the audit log calls what people do."""
    root, found = DIRECTORY.parents[1] / "ivr", set()
    for path in root.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for call in re.finditer(r"audit\.(?:note|write)\((.{0,200})", source, re.DOTALL):
            found |= set(re.findall(r'"([a-z][a-z: -]+)"', call[1])[:1])
        found |= {
            f"person: {word}" for word in re.findall(r'\.change\(\s*by, name, "([^"]+)"', source)
        }
    found |= {f"ordered: {kind}" for kind in OrderKind}
    found |= {"test call", "test call with drafts", "call looked at", "number shown"}
    found |= {"log-in refused: locked", "log-in failed"}
    found |= {"person: activated", "person: deactivated", "made live", "rolled back"}
    return found - {"web", "phone"}


def details() -> set[str]:
    """What the audit log calls what it tells beside a deed."""
    found = {*calls.FIELDS, *audit_log.FIELDS} - {"who"} | {"of", "since", "until", "limit"}
    for path in (DIRECTORY.parents[1] / "ivr").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in NOTED_BY:
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    assert len(found) > 20
    return {shown.word(name) for name in found}


def test_nothing_is_left_in_english() -> None:
    translated = WORDS.catalogue("zh-Hant")
    found = written()
    assert len(found) > 200
    missing = [word for word in found | chosen() if not translated.knows(word)]
    assert missing == []


def test_what_is_filled_in_is_the_same_in_both() -> None:
    translated = WORDS.catalogue("zh-Hant")
    differing = [
        word
        for word in written() | chosen()
        if sorted(PLACE.findall(word)) != sorted(PLACE.findall(translated.gettext(word)))
    ]
    assert differing == []


def test_every_language_has_a_name_on_every_page() -> None:
    for page in LANGUAGES:
        names = [shown.language_name(tag, page) for tag in Language]
        assert all(names)
        assert len(set(names)) == len(names)
    assert shown.language_name(Language.CANTONESE, "zh-Hant") == "廣東話"
    assert shown.language_name("tlh", "en") == "tlh"
    assert shown.language_name(None, "en") == ""


def test_english_is_as_written() -> None:
    assert set(LANGUAGES) == {"en", "zh-Hant"}
    assert WORDS.catalogue("en").gettext("Calls") == "Calls"

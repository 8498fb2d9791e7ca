"""One consignment of a file, judged by the same model as one that is sent to the API."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import ValidationError

from rocars.cargo.batch.items import BY_NAME, REFERENCE, Cell, RawRow, RowError, shortened
from rocars.cargo.dates import LodgingDates
from rocars.cargo.messages import ConsignmentData
from rocars.refusals import Code, Problem
from rocars.typed import plain

FORMULA = re.compile(r"^[\s'\"]*[=+@＝＋＠－-]")
"""What a spreadsheet takes for a formula when somebody opens the file (OWASP, CSV injection)."""

_WHOLE_NUMBER = re.compile(r"[0-9]{1,7}")
_DATE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_BETWEEN = re.compile(r"[\s;；,，、]+")
_DIRECTIONS = {"inbound": "inbound", "outbound": "outbound", "入境": "inbound", "出境": "outbound"}
_YES_NO = {
    **dict.fromkeys(("yes", "y", "true", "1", "是"), True),
    **dict.fromkeys(("no", "n", "false", "0", "否", ""), False),
}
_LONGEST_REFERENCE = 120


class NotAsExpected(ValueError):
    """The text of one item cannot be what it should."""


def _packages(text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise NotAsExpected
    return int(text)


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    if found is None:
        raise NotAsExpected
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise NotAsExpected from None


def _direction(text: str) -> str:
    try:
        return _DIRECTIONS[text.lower()]
    except KeyError:
        raise NotAsExpected from None


def _yes_or_no(text: str) -> bool:
    try:
        return _YES_NO[text.lower()]
    except KeyError:
        raise NotAsExpected from None


def _numbers(text: str) -> list[str]:
    return [number for number in _BETWEEN.split(text) if number]


_READ = {
    "direction": _direction,
    "packages": _packages,
    "expected_date": _date,
    "container_numbers": _numbers,
    "licence_numbers": _numbers,
    "transhipment": _yes_or_no,
}


def judge(row: RawRow, company: str, dates: LodgingDates) -> ConsignmentData | list[RowError]:
    """The consignment, or everything that is wrong with it."""
    errors = list(row.errors)
    values: dict[str, Any] = {}
    for name, item in BY_NAME.items():
        cell = row.cells.get(name)
        if cell is None or (not cell.text and not item.needed):
            if item.needed:
                errors.append(RowError(row.line, 0, name, "", item.expected))
            continue
        if FORMULA.match(cell.text):
            errors.append(_error(name, cell, "text that no spreadsheet takes for a formula"))
            continue
        if name == REFERENCE:
            if len(cell.text) > _LONGEST_REFERENCE or not cell.text.isprintable():
                errors.append(_error(name, cell))
            continue
        try:
            read = _READ.get(name)
            values[name] = read(plain(cell.text)) if read is not None else cell.text
        except NotAsExpected:
            errors.append(_error(name, cell))
    known = {error.item for error in errors}
    try:
        data = ConsignmentData.model_validate({"company": company, **values})
        dates.check(data.expected_date)
    except ValidationError as wrong:
        for fault in wrong.errors(include_url=False, include_context=False):
            name = str(fault["loc"][0])
            if name not in known:
                known.add(name)
                errors.append(_error(name, row.cells[name]))
    except Problem as problem:
        errors.append(_dated(row.cells["expected_date"], problem, dates))
    else:
        if not errors:
            return data
    return sorted(errors, key=lambda error: (error.line, error.column))


def _error(name: str, cell: Cell, expected: str = "") -> RowError:
    return RowError(
        cell.line, cell.column, name, shortened(cell.text), expected or BY_NAME[name].expected
    )


def _dated(cell: Cell, problem: Problem, dates: LodgingDates) -> RowError:
    if problem.code not in (Code.DATE_PAST, Code.TOO_EARLY_TO_LODGE):
        raise problem
    return RowError(
        cell.line,
        cell.column,
        "expected_date",
        shortened(cell.text),
        "a date from %(first)s to %(last)s",
        {"first": dates.first.isoformat(), "last": dates.last.isoformat()},
    )

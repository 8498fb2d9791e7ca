"""What is outside the program and does not do its part: told in one line, not in a traceback.

A fault of ours keeps its traceback: it is what mends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.records.database import RecordsUnavailable


def in_one_line(failure: BaseException) -> str:
    """What a command says of a cause outside itself; empty for a fault of ours."""
    from ivr.preflight.plain_words import plain
    from ivr.records.database import RecordsUnavailable

    if isinstance(failure, OSError):
        return plain(failure)
    if isinstance(failure, RecordsUnavailable):
        return of_records(failure)
    for kind, hint in _kinds():
        if isinstance(failure, kind):
            message = " ".join(str(failure).split()) or type(failure).__name__
            return f"{message}{hint}"
    return ""


def of_records(failure: RecordsUnavailable) -> str:
    """What went wrong, and what the database itself said of it."""
    from ground.database.engine import reason

    message = str(failure)
    cause = reason(failure.__cause__) if failure.__cause__ is not None else ""
    explained = message if cause in message else f"{message}: {cause}"
    return f"{explained}; see records.database_url"


def _kinds() -> list[tuple[type[BaseException], str]]:
    """Loaded only when something has failed."""
    from backend_client.errors import RocarsError
    from backend_client.transport import ProblemAnswered
    from ivr.telephony.errors import TelephonyError
    from prompts.catalogue import CatalogueError
    from speech.synthesiser.synthesiser import SynthesisFailed

    return [
        (TelephonyError, ""),
        (SynthesisFailed, " (Debian package libespeak-ng1)"),
        (RocarsError, "; see rocars.base_url"),
        (ProblemAnswered, "; see rocars.base_url"),
        (CatalogueError, ""),
        (UnicodeDecodeError, ": the file is not UTF-8 text"),
        (MemoryError, "there is no memory left"),
    ]

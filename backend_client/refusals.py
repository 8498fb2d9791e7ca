"""Maps the codes of ROCARS' problem documents to errors that a flow can speak about."""

from __future__ import annotations

from backend_client import errors
from backend_client.errors import BackEndUnavailable, Refused, RocarsError
from backend_client.transport import ProblemAnswered

_BY_CODE: dict[str, type[RocarsError]] = {
    found.code: found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, RocarsError) and found.code
}


def error_for(problem: ProblemAnswered) -> RocarsError:
    """The error for this problem. A problem that no flow knows shows that the two sides do not
    understand each other: callers are told that ROCARS is unavailable, and certainly nothing was
    done."""
    error = _BY_CODE.get(problem.code)
    if error is None:
        return BackEndUnavailable(f"ROCARS answered with the problem {problem.code[:60]!r}")
    return error(problem.subject) if issubclass(error, Refused) else error()

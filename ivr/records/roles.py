"""What people of the console may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Each may do what those before it may, but for the listener: hearing recordings of calls is
    in no other role, and what others do is not in theirs."""

    VIEWER = "viewer"  # sees calls (masked), charts, prompts, health
    LISTENER = "listener"  # a viewer who hears recordings of calls, and says why
    OPERATOR = "operator"  # ends or passes on calls, steers workers, records drafts
    REVIEWER = "reviewer"  # reviews, activates and rolls back prompts of others
    ADMINISTRATOR = "administrator"  # people, audit, numbers of callers in clear

    def may(self, needed: Role) -> bool:
        """Whether this role includes the one needed."""
        if self is Role.LISTENER:
            return needed in (Role.VIEWER, Role.LISTENER)
        order = list(Role)
        return needed is not Role.LISTENER and order.index(self) >= order.index(needed)

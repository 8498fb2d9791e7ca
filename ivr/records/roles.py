"""What people of the console may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"  # sees calls (masked), charts, prompts, health
    OPERATOR = "operator"  # ends or passes on calls, steers workers, records drafts
    REVIEWER = "reviewer"  # reviews, activates and rolls back prompts of others
    ADMINISTRATOR = "administrator"  # people, audit, numbers of callers in clear

    def may(self, needed: Role) -> bool:
        """Whether this role includes the one needed."""
        order = list(Role)
        return order.index(self) >= order.index(needed)

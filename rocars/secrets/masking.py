"""How personal data is shown in logs (facts 6.3)."""

from __future__ import annotations


def last_three(user_id: str) -> str:
    """A user ID but for its last three characters; one too short to mask is not shown at all."""
    shown = "".join(character for character in user_id[-3:] if character.isalnum())
    return f"*{shown}" if len(user_id) > 5 else "*"

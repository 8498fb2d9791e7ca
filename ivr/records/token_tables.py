"""The table of the keys with which programs and wall boards come to the console."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.models import Base, Json

ACTOR = "token "
"""How the name begins under which the deeds of a token are written down."""


class Scope(StrEnum):
    """What a token opens."""

    PROMPTS = "prompts"
    RELEASES = "releases"
    CALLS = "calls"
    FIGURES = "figures"
    WALL_BOARD = "wall_board"  # the page of that name, and nothing of the API
    UPLOAD_DRAFTS = "upload_drafts"
    REVIEW_DRAFTS = "review_drafts"
    MAKE_LIVE = "make_live"  # releases: gather, make live, schedule, roll back

    @property
    def changes(self) -> bool:
        """Whether what it opens changes something."""
        return self in (Scope.UPLOAD_DRAFTS, Scope.REVIEW_DRAFTS, Scope.MAKE_LIVE)


class ApiToken(Base):
    """A token of the API. It is kept as its SHA-256 only.

    Attributes:
        ending: its last characters, by which people know it again.
        scopes: `Scope`s.
        used_at, used_from: when and from which address it was last used.
    """

    __tablename__ = "api_tokens"

    token_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(8))
    scopes: Mapped[list[str]] = mapped_column(Json)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_from: Mapped[str] = mapped_column(Text)

    def opens(self, scope: Scope) -> bool:
        return scope in self.scopes

    @property
    def actor(self) -> str:
        """Under which name its deeds are written down; nobody's: accounts have no space in it."""
        return f"{ACTOR}{self.name}"

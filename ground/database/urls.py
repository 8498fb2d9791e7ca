"""Database URLs in SQLAlchemy's form, without importing SQLAlchemy."""

from __future__ import annotations

from pathlib import Path


def sqlite_url(path: Path) -> str:
    """The URL of a database in a file."""
    return f"sqlite+aiosqlite:///{path}"

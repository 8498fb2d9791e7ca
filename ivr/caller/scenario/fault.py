"""The error for faulty scenario files."""

from __future__ import annotations


class ScenarioError(ValueError):
    """A file that is no scenario; one line for each fault: ``file:line: what was expected``."""

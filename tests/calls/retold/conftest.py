"""Scenarios for `test_retold_calls.py`, which performs them itself."""

from __future__ import annotations

collect_ignore_glob = ["*.call.yaml"]

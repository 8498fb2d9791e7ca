"""Whose word about a browser's address is believed."""

from __future__ import annotations

LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Proxies on this very machine."""

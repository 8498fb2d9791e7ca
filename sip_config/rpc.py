"""JSON-RPC to a running Kamailio over its Unix datagram socket (module jsonrpcs)."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

LARGEST_ANSWER = 65_536


class RpcFailed(Exception):
    """Kamailio did not answer in time, or answered with an error."""


class KamailioRpc:
    """Synchronous, one request at a time; the supervisor has no event loop."""

    def __init__(self, socket_path: Path, *, timeout_s: float = 0.5) -> None:
        self._theirs = socket_path
        self._timeout_s = timeout_s
        self._asked = 0

    def ask(self, method: str, *params: Any) -> Any:
        """Call an RPC and give its result. Raises RpcFailed."""
        self._asked += 1
        ours = self._theirs.with_name(f"asks-{os.getpid()}")
        question = {"jsonrpc": "2.0", "method": method, "params": params, "id": self._asked}
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
                ours.unlink(missing_ok=True)
                asking.bind(str(ours))
                asking.settimeout(self._timeout_s)
                asking.sendto(json.dumps(question).encode(), str(self._theirs))
                answer = json.loads(asking.recv(LARGEST_ANSWER))
        except (OSError, ValueError) as failure:
            raise RpcFailed(f"{method}: {failure}") from failure
        finally:
            ours.unlink(missing_ok=True)
        if "error" in answer:
            raise RpcFailed(f"{method}: {answer['error'].get('message', answer['error'])}")
        return answer.get("result")

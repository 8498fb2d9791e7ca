"""The edge of several nodes: one Kamailio that callers reach, and that distributes calls to nodes.

Each node has a front of its own and answers OPTIONS: 200 while it takes calls, 503 while it drains.
So the edge only needs to know a node's address and its number of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sip_config.kamailio import Kamailio
from sip_config.service_cfg import Inside, dispatcher_list, parameters_cfg, service_cfg
from sip_config.settings import SipSettings
from sip_config.trunk_tables import trunk_files


class EdgeNode(BaseModel):
    """A node behind the edge. Its `sip.peers` must name the edge, with `edge = true`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$", description="Name in logs and metrics.")
    address: IPv4Address = Field(description="Where its front takes SIP, by UDP.")
    port: int = Field(5060, ge=1, le=65535, description="UDP port of its front.")
    lines: int = Field(ge=1, le=1000, description="Calls it holds: four for each of its workers.")

    @property
    def duid(self) -> str:
        return self.name

    @property
    def uri(self) -> str:
        return f"sip:{self.address}:{self.port}"


class EdgeSettings(BaseModel):
    """The edge, run by `rocars-ivr edge`. Its side towards callers is set in the section `sip`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nodes: tuple[EdgeNode, ...] = Field((), description="The nodes calls are given to.")
    address: IPv4Address = Field(
        IPv4Address("127.0.0.1"), description="Address the edge speaks to its nodes from."
    )
    port: int = Field(
        5062, ge=1, le=65535, description="UDP port the edge speaks to its nodes from."
    )
    node_answer_timeout_ms: int = Field(
        2000,
        ge=200,
        le=10_000,
        description="A node that does not react to an INVITE for so long is passed over.",
    )
    calls_per_second_per_node: int = Field(
        60, ge=1, le=1000, description="New calls a node is given in a second."
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        if len({node.name for node in self.nodes}) != len(self.nodes):
            raise ValueError("expected each name in nodes once")
        return self


@dataclass(frozen=True)
class NodeState:
    """A node as the edge sees it.

    Attributes:
        refuses: it answered in the last seconds that it takes no calls: it drains or is overloaded.
            A node that neither takes calls nor refuses them is dead or cannot be reached.
    """

    name: str
    takes_calls: bool
    calls: int
    refuses: bool = False


class Edge:
    """One Kamailio and the nodes that it probes. Single-threaded, like a supervisor."""

    def __init__(
        self,
        settings: SipSettings,
        edge: EdgeSettings,
        directory: Path,
        *,
        in_child: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._edge = edge
        self._inside = Inside(
            edge.address,
            edge.port,
            edge.node_answer_timeout_ms,
            edge.calls_per_second_per_node,
            asks=True,
        )
        self._accepting = True
        self.kamailio = Kamailio(
            settings.kamailio,
            f"{settings.listen[0]}:{settings.port}",
            self._files,
            directory,
            steer=self._steer,
            shared_memory_mb=settings.shared_memory_mb,
            in_child=in_child,
        )

    def start(self) -> None:
        """Write, check and start; returns when it answers. Raises FrontFailed."""
        self.kamailio.start()

    def drain(self) -> None:
        """Answer new calls with 503 and Retry-After; running calls go on. Raises RpcFailed."""
        self._accepting = False
        self._steer()

    def nodes(self) -> tuple[NodeState, ...]:
        """The state of each node at its last probe, and the calls given to it. Raises RpcFailed."""
        answer = self.kamailio.rpc("dispatcher.list")
        refusing = self._refusing()
        found = []
        for record in answer.get("RECORDS", []):
            for target in record["SET"]["TARGETS"]:
                entry = target["DEST"]
                found.append(
                    NodeState(
                        entry["ATTRS"]["DUID"],
                        entry["FLAGS"].startswith("A"),
                        int(entry.get("RUNTIME", {}).get("DLGLOAD", 0)),
                        entry["ATTRS"]["DUID"] in refusing,
                    )
                )
        return tuple(sorted(found, key=lambda node: node.name))

    def _refusing(self) -> set[str]:
        """Names of the nodes that answered 503 to their last probe."""
        refusing = {
            entry["name"]
            for slot in self.kamailio.rpc("htable.dump", "refusing")
            for entry in slot["slot"]
        }
        return {node.name for node in self._edge.nodes if f"{node.address}:{node.port}" in refusing}

    def forget_loads(self) -> None:
        """Count the nodes' calls anew: the calls of a node that died are still counted.

        The new count may be too low; then the node answers 503 and the next one is tried.
        Raises RpcFailed.
        """
        away = {node.name for node in self.nodes() if not node.takes_calls}
        (self.kamailio.directory / "dispatcher.list").write_text(self._list(away))
        self.kamailio.rpc("dispatcher.reload")

    def _files(self) -> Mapping[str, str]:
        return {
            "service.cfg": service_cfg(self._settings, self._inside, debug=0),
            "parameters.cfg": parameters_cfg(self._settings, self.kamailio.directory),
            # None until it has answered: at first the state is unknown.
            "dispatcher.list": self._list({node.name for node in self._edge.nodes}),
            **trunk_files(self._settings),
        }

    def _list(self, without: set[str]) -> str:
        return dispatcher_list(self._edge.nodes, self._inside, without=without)

    def _steer(self) -> None:
        self.kamailio.rpc("pv.shvSet", "accepting", "int", int(self._accepting))

"""A flow as nodes and edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class NodeKind(StrEnum):
    START = "start"
    SAY = "say"
    ASK = "ask"
    CHOOSE = "choose"
    CONFIRM = "confirm"
    WAIT = "wait"
    FLOW = "flow"
    TURN = "turn"  # raises one of the turns of ivr.dialogue.turns
    END = "end"


@dataclass(frozen=True)
class Node:
    """One step of a conversation; `prompts` are catalogue names, `what` is a name in the code."""

    number: int
    kind: NodeKind
    what: str
    prompts: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Edge:
    """How the conversation continues; `label` says on which condition, empty for "then"."""

    source: int
    target: int
    label: str = ""
    unusual: bool = False  # an exception, not an answer


@dataclass
class Flow:
    """One coroutine of `call_flows` that takes part in the conversation."""

    module: str
    name: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def add(self, kind: NodeKind, what: str, prompts: tuple[str, ...] = (), line: int = 0) -> Node:
        node = Node(len(self.nodes), kind, what, prompts, line)
        self.nodes.append(node)
        return node

    def connect(self, source: int, target: int, label: str = "", *, unusual: bool = False) -> None:
        edge = Edge(source, target, label, unusual)
        if edge not in self.edges:
            self.edges.append(edge)

"""A flow as a Mermaid flowchart, which code hosting sites display, and as Graphviz DOT."""

from __future__ import annotations

from ivr.drawing.graph import Edge, Flow, Node, NodeKind
from ivr.drawing.words import words
from speech.languages.language import Language

_SHAPES = {
    NodeKind.START: ('(["', '"])'),
    NodeKind.END: ('(["', '"])'),
    NodeKind.SAY: ('["', '"]'),
    NodeKind.ASK: ('[/"', '"/]'),
    NodeKind.CHOOSE: ('{{"', '"}}'),
    NodeKind.CONFIRM: ('{{"', '"}}'),
    NodeKind.WAIT: ('[("', '")]'),
    NodeKind.FLOW: ('[["', '"]]'),
    NodeKind.TURN: ('>"', '"]'),
}

_DOT_SHAPES = {
    NodeKind.START: "oval",
    NodeKind.END: "oval",
    NodeKind.SAY: "box",
    NodeKind.ASK: "parallelogram",
    NodeKind.CHOOSE: "hexagon",
    NodeKind.CONFIRM: "hexagon",
    NodeKind.WAIT: "cylinder",
    NodeKind.FLOW: "box3d",
    NodeKind.TURN: "cds",
}


def mermaid(flow: Flow, language: Language) -> str:
    """The text of a ``flowchart``."""
    lines = ["flowchart TD"]
    for node in flow.nodes:
        before, after = _SHAPES[node.kind]
        lines.append(f"    n{node.number}{before}{_escaped(words(node, language))}{after}")
    for edge in flow.edges:
        arrow = "-.->" if edge.unusual else "-->"
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"    n{edge.source} {arrow}{label} n{edge.target}")
    return "\n".join(lines) + "\n"


def dot(flow: Flow, language: Language) -> str:
    """The text of a ``digraph``."""
    lines = [
        f'digraph "{flow.name}" {{',
        '    node [fontname="sans-serif", fontsize=10];',
        '    edge [fontname="sans-serif", fontsize=9];',
    ]
    lines += [_dot_node(node, language) for node in flow.nodes]
    lines += [_dot_edge(edge) for edge in flow.edges]
    return "\n".join([*lines, "}", ""])


def _dot_node(node: Node, language: Language) -> str:
    label = _quoted(_wrapped(words(node, language)))
    return f"    n{node.number} [shape={_DOT_SHAPES[node.kind]}, label={label}];"


def _dot_edge(edge: Edge) -> str:
    style = ", style=dashed" if edge.unusual else ""
    return f"    n{edge.source} -> n{edge.target} [label={_quoted(edge.label)}{style}];"


def _wrapped(text: str, width: int = 34) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _escaped(text: str) -> str:
    """Replace characters that would end a label by Mermaid's entities."""
    for character, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(character, entity)
    return text.replace("\n", " ")

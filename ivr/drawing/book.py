"""All flows on one page."""

from __future__ import annotations

from ivr.drawing.graph import Flow
from ivr.drawing.mermaid import mermaid
from ivr.drawing.reading import read_flow
from ivr.drawing.source import read_flows
from ivr.drawing.words import title
from speech.languages.language import Language

HEAD = """# The conversations

Drawn from their source by `rocars-ivr flows draw`; do not edit. A box is said, a slanted box takes
digits, a hexagon is a choice, a cylinder waits for ROCARS, a double box is another flow, a flag
leaves the flow. Dashed: not an answer, but an exception or "back". At every question the caller may
also key the universals (`*` and a key).
"""

ORDER = ("answer", "welcome", "login", "main_menu", "bundle", "cargo", "vehicle", "hotline")


def flow_graphs() -> list[Flow]:
    """Every flow, in the order of a call. Raises Unreadable, LookupError, BadQuestion."""
    modules = sorted(
        read_flows(),
        key=lambda flow: ORDER.index(flow.name) if flow.name in ORDER else len(ORDER),
    )
    known = {name for module in modules for name in module.flows}
    return [
        read_flow(module, function, known)
        for module in modules
        for function in module.flows.values()
    ]


def markdown(language: Language) -> str:
    """One page with a drawing of each flow."""
    parts = [HEAD]
    module = ""
    for flow in flow_graphs():
        if flow.module != module:
            module = flow.module
            parts.append(f"## [`{module}`](../../call_flows/{module}.py)\n")
        parts.append(f"### {title(flow)}\n\n```mermaid\n{mermaid(flow, language)}```\n")
    return "\n".join(parts)

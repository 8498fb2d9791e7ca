"""Makes the graph of a flow from its source."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ivr.dialogue.question import Menu
from ivr.drawing.graph import Flow, Node, NodeKind
from ivr.drawing.questions import prompts_of, questions, values_of
from ivr.drawing.source import Module, awaited, called, literal_prompts, method_of_call

_KINDS = {
    "say": NodeKind.SAY,
    "say_all": NodeKind.SAY,
    "play": NodeKind.SAY,
    "record": NodeKind.ASK,
    "ask": NodeKind.ASK,
    "choose": NodeKind.CHOOSE,
    "confirm": NodeKind.CONFIRM,
    "wait_for": NodeKind.WAIT,
    "transfer": NodeKind.WAIT,
}

SILENT = frozenset({"hang_up", "closed"})
"""Methods of the conversation that are not a step of it."""

WORK = ("", "", "work")

Ends = list[tuple[int, str]]
"""The open ends of the conversation: nodes without a next step yet, and the condition."""


class Unreadable(ValueError):
    """A form of source that this reader does not know; the check reports it."""


@dataclass
class _Loop:
    head: int
    breaks: Ends = field(default_factory=list)


def read_flow(module: Module, function: ast.AsyncFunctionDef, known: set[str]) -> Flow:
    """The graph of one flow. `known` are the names of all flows. Raises Unreadable."""
    return _Reader(module, function, known).read()


class _Reader:
    def __init__(self, module: Module, function: ast.AsyncFunctionDef, known: set[str]) -> None:
        self._module = module
        self._function = function
        self._known = known
        self._flow = Flow(module.name, function.name)
        self._loops: list[_Loop] = []
        self._keys: dict[str, str] = {}

    def read(self) -> Flow:
        start = self._flow.add(NodeKind.START, self._function.name, line=self._function.lineno)
        ends = self._block(self._function.body, [(start.number, "")])
        if ends:
            end = self._flow.add(NodeKind.END, "return")
            self._join(ends, end)
        return self._flow

    def _join(self, ends: Ends, node: Node) -> None:
        for source, label in ends:
            self._flow.connect(source, node.number, label)

    def _block(self, statements: list[ast.stmt], ends: Ends) -> Ends:
        for statement in statements:
            ends = self._statement(statement, ends)
        return ends

    def _statement(self, statement: ast.stmt, ends: Ends) -> Ends:
        match statement:
            case ast.If():
                ends = self._awaits(statement.test, ends)
                test = ast.unparse(statement.test)
                condition = _condition(statement.test)
                yes = self._block(statement.body, _labelled(ends, condition or test))
                no = self._block(statement.orelse, _labelled(ends, "otherwise"))
                return yes + no
            case ast.Match():
                return self._match(statement, ends)
            case ast.While():
                return self._while(statement, ends)
            case ast.For():
                return self._for(statement, ends)
            case ast.Try():
                return self._try(statement, ends)
            case ast.Return():
                ends = self._awaits(statement, ends)
                value = ast.unparse(statement.value) if statement.value is not None else ""
                self._join(ends, self._flow.add(NodeKind.END, _brief(value) or "return"))
                return []
            case ast.Raise():
                raised = statement.exc
                what = ast.unparse(raised) if raised is not None else "again"
                prompts = literal_prompts(raised) if raised is not None else ()
                node = self._flow.add(NodeKind.TURN, what, prompts, statement.lineno)
                self._join(ends, node)
                return []
            case ast.Break():
                self._loops[-1].breaks += ends
                return []
            case ast.Continue():
                for source, label in ends:
                    self._flow.connect(source, self._loops[-1].head, label)
                return []
            case ast.AsyncFunctionDef() | ast.FunctionDef() | ast.Pass():
                return ends
            case ast.Expr() | ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Assert():
                return self._awaits(statement, ends)
        raise Unreadable(f"line {statement.lineno}: {type(statement).__name__}")

    def _match(self, statement: ast.Match, ends: Ends) -> Ends:
        ends = self._awaits(statement.subject, ends)
        after: Ends = []
        for case in statement.cases:
            label = self._case(case.pattern)
            after += self._block(case.body, _labelled(ends, label))
        return after

    def _case(self, pattern: ast.pattern) -> str:
        """The text of a case; the key comes first if a menu was asked just before."""
        head = pattern.patterns[0] if isinstance(pattern, ast.MatchSequence) else pattern
        label = ast.unparse(head).strip("'\"")
        key = self._keys.get(label)
        return f"{key}: {label}" if key else label

    def _while(self, statement: ast.While, ends: Ends) -> Ends:
        endless = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        before = len(self._flow.nodes)
        loop = _Loop(before)
        self._loops.append(loop)
        inside = self._awaits(statement.test, ends)
        label = "" if endless else ast.unparse(statement.test)
        body = self._block(statement.body, _labelled(inside, label) if label else inside)
        self._loops.pop()
        if len(self._flow.nodes) > before:
            for source, own in body:
                self._flow.connect(source, before, own)
        after = [] if endless else _labelled(inside + body, "otherwise")
        return loop.breaks + after

    def _for(self, statement: ast.For, ends: Ends) -> Ends:
        before = len(self._flow.nodes)
        loop = _Loop(before)
        self._loops.append(loop)
        body = self._block(
            statement.body, _labelled(ends, f"for each of {ast.unparse(statement.iter)}")
        )
        self._loops.pop()
        if len(self._flow.nodes) > before:
            for source, label in body:
                self._flow.connect(source, before, label)
        return loop.breaks + _labelled(body or ends, "no more")

    def _try(self, statement: ast.Try, ends: Ends) -> Ends:
        before = len(self._flow.nodes)
        after = self._block(statement.body, ends)
        reached = range(before, len(self._flow.nodes))
        risky = [
            number
            for number in reached
            if self._flow.nodes[number].kind not in (NodeKind.END, NodeKind.TURN)
        ]
        after = self._block(statement.orelse, after)
        for handler in statement.handlers:
            label = ast.unparse(handler.type).strip("()") if handler.type else "any failure"
            source = risky[-1] if risky else (ends[0][0] if ends else 0)
            count = len(self._flow.edges)
            after += self._block(handler.body, [(source, label)])
            for at in range(count, len(self._flow.edges)):
                edge = self._flow.edges[at]
                if edge.source == source and edge.label == label:
                    self._flow.edges[at] = type(edge)(edge.source, edge.target, label, True)
        return self._block(statement.finalbody, after)

    def _awaits(self, where: ast.AST, ends: Ends) -> Ends:
        for call in awaited(where):
            if method_of_call(call) == "walk":
                first, last = self._walk(call)
                self._join(ends, first)
                ends = [(last.number, "")]
                continue
            node = self._step(call)
            if node is not None:
                self._join(ends, node)
                ends = [(node.number, "")]
        return ends

    def _step(self, call: ast.Call) -> Node | None:
        method = method_of_call(call)
        if method is None:
            name = called(call)
            if name in self._known:
                return self._flow.add(NodeKind.FLOW, name, line=call.lineno)
            return None
        if method in SILENT:
            return None
        if method not in _KINDS:
            raise Unreadable(f"line {call.lineno}: call.{method} is not known here")
        prompts = literal_prompts(call)
        what = method
        if method in ("ask", "choose"):
            asked = questions(self._module.name, call.args[0])
            prompts = (*prompts, *(name for name in prompts_of(asked[0]) if name not in prompts))
            what = asked[0].name
            if isinstance(asked[0], Menu):
                self._keys = values_of(asked[0])
        elif method == "wait_for":
            work = call.args[0]
            asked_of, _, what = called(work).rpartition(".") if isinstance(work, ast.Call) else WORK
            what = f"{'studio' if asked_of == 'studio' else 'ROCARS'}: {what}"
        return self._flow.add(_KINDS[method], what, prompts, call.lineno)

    def _walk(self, call: ast.Call) -> tuple[Node, Node]:
        """The steps in order; "back" leads to the previous one."""
        steps = call.args[0]
        if not isinstance(steps, ast.Tuple):
            raise Unreadable(f"line {call.lineno}: call.walk takes a tuple of steps")
        names = [ast.unparse(step) for step in steps.elts]
        first = self._flow.add(NodeKind.FLOW, names[0], line=call.lineno)
        last = first
        for name in names[1:]:
            node = self._flow.add(NodeKind.FLOW, name, line=call.lineno)
            self._flow.connect(last.number, node.number)
            self._flow.connect(node.number, last.number, "back", unusual=True)
            last = node
        return first, last


def _labelled(ends: Ends, label: str) -> Ends:
    return [(source, f"{own}, {label}" if own else label) for source, own in ends]


def _condition(test: ast.expr) -> str:
    """Words for a condition that is an answer: "yes" for the result of a confirmation."""
    if isinstance(test, ast.Await):
        return "yes"
    if isinstance(test, ast.UnaryOp) and isinstance(test.operand, ast.Await):
        return "no"
    return ""


def _brief(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."

"""Compares two sets of runs of the same scenarios."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from ivr.caller.performing.results import Outcome
from ivr.caller.reporting.report import CallReport, PromptReport, Report, RunReport


@dataclass(frozen=True)
class Tolerance:
    """What does not count as a difference.

    Attributes:
        latency_s: a prompt that begins this much earlier or later.
        score: a prompt that resembles its recording this much more or less.
        ignored: prompts that may come or not, such as fillers while ROCARS is slow.
    """

    latency_s: float = 0.3
    score: float = 0.05
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RunDifference:
    """The differences in one run; `lines` is empty if there are none."""

    run: str
    lines: tuple[str, ...] = field(default=())


def differences(old: Report, new: Report, tolerance: Tolerance) -> list[RunDifference]:
    """Run by run, in the order of the old report; runs that only the new report has come last."""
    olds, news = _by_title(old), _by_title(new)
    found = []
    for name in dict.fromkeys([*olds, *news]):
        if name not in news:
            lines = ["only in the old report"]
        elif name not in olds:
            lines = ["only in the new report"]
        else:
            lines = list(_of_run(olds[name], news[name], tolerance))
        found.append(RunDifference(name, tuple(lines)))
    return found


def _by_title(report: Report) -> dict[str, RunReport]:
    """The runs by their titles; those of files whose scenarios have the same name are numbered."""
    found: dict[str, RunReport] = {}
    for run in report.runs:
        numbered = (f"{run.run} ({number})" for number in itertools.count(2))
        title = next(name for name in itertools.chain((run.run,), numbered) if name not in found)
        found[title] = run
    return found


def _of_run(old: RunReport, new: RunReport, tolerance: Tolerance) -> Iterator[str]:
    if old.outcome is not new.outcome:
        why = "" if new.outcome is Outcome.PASSED else f": {new.why}"
        yield f"outcome: {old.outcome} → {new.outcome}{why}"
    for number, (before, after) in enumerate(zip(old.calls, new.calls, strict=False), start=1):
        where = f"call {number}: " if max(len(old.calls), len(new.calls)) > 1 else ""
        for line in _of_call(before, after, tolerance):
            yield where + line
    if len(old.calls) != len(new.calls):
        yield f"calls: {len(old.calls)} → {len(new.calls)}"


def _of_call(old: CallReport, new: CallReport, tolerance: Tolerance) -> Iterator[str]:
    before = [prompt for prompt in old.heard if prompt.name not in tolerance.ignored]
    after = [prompt for prompt in new.heard if prompt.name not in tolerance.ignored]
    matcher = SequenceMatcher(a=_names(before), b=_names(after), autojunk=False)
    gone: list[tuple[str, str]] = []
    come: list[tuple[str, str]] = []
    for kind, from_, to, other_from, other_to in matcher.get_opcodes():
        if kind == "equal":
            continue
        gone += [(_name(before[at]), _behind(before, at)) for at in range(from_, to)]
        come += [(_name(after[at]), _behind(after, at)) for at in range(other_from, other_to)]
    yield from _changes(gone, come)
    for kind, from_, to, other_from, other_to in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(before[from_:to], after[other_from:other_to], strict=True)
            yield from _scores(pairs, tolerance)
    yield from _latencies(old, new, tolerance)


def _changes(gone: list[tuple[str, str]], come: list[tuple[str, str]]) -> Iterator[str]:
    """Prompts that are no longer heard, that are new, or that come in another place."""
    for name, place in gone:
        elsewhere = next((other for other in come if other[0] == name), None)
        if elsewhere is None:
            yield f"prompt: {name} is not heard any more{place}"
        else:
            come.remove(elsewhere)
            yield f"order: {name}{place} → {elsewhere[1].strip() or 'first'}"
    for name, place in come:
        yield f"prompt: {name} is new{place}"


def _scores(
    pairs: Iterator[tuple[PromptReport, PromptReport]], tolerance: Tolerance
) -> Iterator[str]:
    for before, after in pairs:
        if abs(after.score - before.score) > tolerance.score:
            yield f"confidence: {_name(before)} {before.score:.3f} → {after.score:.3f}"


def _latencies(old: CallReport, new: CallReport, tolerance: Tolerance) -> Iterator[str]:
    before, after = old.steps, new.steps
    matcher = SequenceMatcher(
        a=[step.step for step in before], b=[step.step for step in after], autojunk=False
    )
    for from_, other, size in matcher.get_matching_blocks():
        for step, later in zip(before[from_ : from_ + size], after[other:], strict=False):
            if step.latency_s is None or later.latency_s is None:
                continue
            if abs(later.latency_s - step.latency_s) > tolerance.latency_s:
                yield f"latency: {step.step} {step.latency_s:.2f} s → {later.latency_s:.2f} s"


def _names(prompts: Sequence[PromptReport]) -> list[str]:
    return [_name(prompt) for prompt in prompts]


def _name(prompt: PromptReport) -> str:
    return f"{prompt.name} ({prompt.language})" if prompt.language else prompt.name


def _behind(prompts: Sequence[PromptReport], at: int) -> str:
    return f" after {_name(prompts[at - 1])}" if at else ""

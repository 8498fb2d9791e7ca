"""The sound thread's scheduling: what is got, and that it is given back when it takes too much."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from ivr.telephony.real_time import RealTime, Scheduling, fair_share

pytestmark = pytest.mark.unit


def on_a_thread(work: Callable[[], None]) -> None:
    """Scheduling is a thread's own: no test may leave that of the others changed."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as failure:
            failed.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def permitted() -> bool:
    """Whether this process may use real time at all."""
    got: list[Scheduling] = []

    def take() -> None:
        real_time = RealTime(wanted=True)
        real_time.take()
        got.append(real_time.scheduling)

    on_a_thread(take)
    return got == [Scheduling.REAL_TIME]


def policy() -> int:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK


def test_a_thread_that_needs_most_of_a_processor_steps_back_and_up_again() -> None:
    if not permitted():
        pytest.skip("this system does not permit real time")

    def live() -> None:
        real_time = RealTime(wanted=True)
        real_time.take()
        now, ran = 100.0, 5.0
        real_time.look(now, ran)
        for share, then in (
            (0.3, Scheduling.REAL_TIME),
            (0.9, Scheduling.STEPPED_BACK),
            (0.6, Scheduling.STEPPED_BACK),
            (0.2, Scheduling.STEPPED_BACK),  # not at once
            (0.2, Scheduling.REAL_TIME),
        ):
            now, ran = now + 2.0, ran + 2.0 * share
            real_time.look(now, ran)
            assert real_time.scheduling is then, (now, share)
            real = then is Scheduling.REAL_TIME
            assert policy() == (os.SCHED_RR if real else os.SCHED_OTHER)
        assert resource.getrlimit(resource.RLIMIT_RTTIME)[0] == 3_000_000
        real_time.give_back()
        assert (real_time.scheduling, policy()) == (Scheduling.USUAL, os.SCHED_OTHER)

    on_a_thread(live)
    assert policy() == os.SCHED_OTHER, "no other thread is touched"


@pytest.mark.parametrize(("workers", "share"), [(1, 0.7), (2, 0.7), (4, 0.35)])
def test_together_they_leave_something_to_others(workers: int, share: float) -> None:
    assert fair_share(workers, processors=2) == pytest.approx(share)


def test_what_it_starts_is_scheduled_as_usual() -> None:
    if not permitted():
        pytest.skip("this system does not permit real time")
    schedulers: list[str] = []

    def live() -> None:
        RealTime(wanted=True).take()
        inner: list[int] = []
        thread = threading.Thread(target=lambda: inner.append(policy()))
        thread.start()
        thread.join()
        assert inner == [os.SCHED_OTHER]
        program = "import os; print(os.sched_getscheduler(0))"
        schedulers.append(
            subprocess.check_output([sys.executable, "-c", program], text=True).strip()
        )

    on_a_thread(live)
    assert schedulers == [str(os.SCHED_OTHER)]


def test_who_does_not_want_it_has_not_got_it() -> None:
    def live() -> None:
        real_time = RealTime(wanted=False)
        real_time.take()
        assert (real_time.scheduling, policy()) == (Scheduling.USUAL, os.SCHED_OTHER)

    on_a_thread(live)


def test_where_it_is_not_permitted_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)

    def live() -> None:
        real_time = RealTime(wanted=True)
        real_time.take()
        assert real_time.scheduling is Scheduling.NOT_PERMITTED
        for now in (1.0, 5.0, 9.0):
            real_time.look(now, now)
        assert real_time.scheduling is Scheduling.NOT_PERMITTED

    on_a_thread(live)

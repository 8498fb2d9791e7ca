"""Extends the time limits of scenarios, for a machine that is busy otherwise."""

from __future__ import annotations

from backend_client.settings import RocarsClientSettings
from ivr.caller.scenario.steps import AnyStep

_LIMITS = ("within", "latency")


def patient(step: AnyStep, patience: float) -> AnyStep:
    """The step with time limits multiplied by `patience`; its expectations stay the same."""
    longer = {
        name: value * patience
        for name in _LIMITS
        if (value := getattr(step, name, None)) is not None
    }
    return step.model_copy(update=longer) if patience != 1 and longer else step


def patient_client(settings: RocarsClientSettings, patience: float) -> RocarsClientSettings:
    """A client of ROCARS whose time-outs are multiplied by `patience`."""
    limits = ("connect_timeout_s", "read_timeout_s", "budget_s")
    return settings.model_copy(update={name: getattr(settings, name) * patience for name in limits})

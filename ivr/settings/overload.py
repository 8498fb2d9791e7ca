"""When a node counts as overloaded, and when the overload is over."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class OverloadSettings(BaseModel):
    """Overload: a node that spoils the calls it has takes no new ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(
        True,
        description="Refuse new calls (503 with Retry-After) while those in progress are served "
        "late. Off: only the number of lines counts.",
    )
    late_ms: int = Field(
        40,
        ge=10,
        le=1000,
        description="A frame of sound handed out so long after it was due is late, milliseconds.",
    )
    late_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="The node is overloaded when a larger share of its frames is late.",
    )
    window_s: float = Field(2.0, ge=0.5, le=60, description="Over so many seconds.")
    awake_late_ms: int = Field(
        250,
        ge=50,
        le=10_000,
        description="It is overloaded too when its workers, calls or not, wake up later than this "
        "twice within the window: they would answer so late.",
    )
    memory_stalled_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="And when all processes together wait for memory for a larger share of the "
        "window (`full` of /proc/pressure/memory); 0: that is not looked at.",
    )
    return_share: float = Field(
        0.002,
        ge=0,
        le=1,
        description="It takes calls again when no larger share was late for `calm_s`, and nothing "
        "else was wrong.",
    )
    calm_s: float = Field(5.0, ge=1, le=300, description="See `return_share`, seconds.")
    slow_start_s: float = Field(
        10.0,
        ge=0,
        le=300,
        description="After that, calls a second are limited for so long: to `slow_start_calls`, "
        "doubled every two seconds.",
    )
    slow_start_calls: int = Field(
        2, ge=1, le=100, description="New calls a second just after an overload."
    )
    keypad_only_after_s: float = Field(
        2.0,
        ge=0,
        le=300,
        description="Speech is given up in all calls, which go on by keypad, when frames are still "
        "late so long after new calls were refused.",
    )
    pressed_cpu: float = Field(
        0.5,
        gt=0,
        le=1,
        description="The machine is pressed, and charts, housekeeping and self-test wait, when "
        "some process waits for a processor for a larger share of the window (`some` of "
        "/proc/pressure/cpu).",
    )
    pressed_io: float = Field(0.5, gt=0, le=1, description="The same for the disks.")
    pressed_memory: float = Field(0.1, gt=0, le=1, description="The same for memory.")
    pressed_steal: float = Field(
        0.1,
        gt=0,
        le=1,
        description="The same for the share of processor time that the host of a virtual machine "
        "gives to others.",
    )

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.return_share > self.late_share:
            raise ValueError("expected return_share not above late_share")
        if self.calm_s < self.window_s:
            raise ValueError("expected calm_s not below window_s")
        return self

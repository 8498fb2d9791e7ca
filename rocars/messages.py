"""What is sent to ROCARS and answered by it, as pydantic models: the OpenAPI description is made
from these, and requests with unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Direction = Literal["inbound", "outbound"]
Language = Literal["yue", "cmn", "en"]

_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_NO_CONTROLS),
]
Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0e-\x1f\x7f]*$"
    ),
]
Keyed = Annotated[str, StringConstraints(max_length=32, pattern=_NO_CONTROLS)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,35}$")]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Done(Answer):
    done: Literal[True] = True

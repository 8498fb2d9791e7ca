"""The address of ROCARS, and the time-outs and retries of requests to it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from yarl import URL


class RocarsClientSettings(BaseModel):
    """The way to ROCARS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        default="http://127.0.0.1:8480", description="Address of ROCARS, http:// or https://."
    )
    api_key: SecretStr = Field(default=SecretStr(""), description="API key of this channel.")
    connect_timeout_s: float = Field(
        default=1.5, gt=0, le=60, description="Longest wait for a connection, s."
    )
    read_timeout_s: float = Field(
        default=4.0, gt=0, le=120, description="Longest wait for one whole answer, s."
    )
    attempts: int = Field(
        default=3, ge=1, le=10, description="Most tries of a request that may safely be repeated."
    )
    budget_s: float = Field(
        default=8.0, gt=0, le=300, description="All tries of one request together, s."
    )
    backoff_s: float = Field(
        default=0.1, ge=0, le=10, description="First pause between two tries, s; doubled, jittered."
    )
    backoff_max_s: float = Field(default=1.0, ge=0, le=60, description="Longest such pause, s.")
    connections: int = Field(
        default=64, ge=1, le=1000, description="Most connections of a worker to ROCARS at a time."
    )
    max_answer_bytes: int = Field(
        default=262_144, ge=1024, description="Longest answer that is accepted, bytes."
    )

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, base_url: str) -> str:
        try:
            url = URL(base_url)
        except ValueError:
            url = URL()
        if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
            raise ValueError("expected an address such as http://127.0.0.1:8480")
        return base_url.rstrip("/")

    @model_validator(mode="after")
    def _fits(self) -> RocarsClientSettings:
        if self.connect_timeout_s > self.budget_s:
            raise ValueError("expected connect_timeout_s to be at most budget_s")
        return self

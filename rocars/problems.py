"""What ROCARS answers when it will not: problem details (RFC 9457) with a stable `code`."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field


class Code(StrEnum):
    """Stable names of everything ROCARS can refuse."""

    BAD_JSON = "bad_json"
    INVALID_REQUEST = "invalid_request"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    API_KEY_REFUSED = "api_key_refused"
    LOGIN_REFUSED = "login_refused"
    LOGIN_LOCKED = "login_locked"
    SESSION_EXPIRED = "session_expired"
    UNKNOWN_CCRN = "unknown_ccrn"
    ALREADY_BUNDLED = "already_bundled"
    CARGO_EXPIRED = "cargo_expired"
    CARGO_CROSSED = "cargo_crossed"
    TOO_MANY_CCRNS = "too_many_ccrns"
    MIXED_DIRECTIONS = "mixed_directions"
    UNKNOWN_BUNDLE = "unknown_bundle"
    BUNDLE_NOT_LIVE = "bundle_not_live"
    BAD_VEHICLE = "bad_vehicle"
    MAINLAND_PLATE = "mainland_plate"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    KEY_ANNULLED = "key_annulled"
    UNBUNDLE_DISABLED = "unbundle_disabled"
    TOO_EARLY_TO_LODGE = "too_early_to_lodge"
    DATE_PAST = "date_past"
    CARGO_IN_BUNDLE = "cargo_in_bundle"
    NOT_YET = "not_yet"
    UNKNOWN_COMPANY = "unknown_company"
    UNKNOWN_DRIVER = "unknown_driver"
    UNKNOWN_CONTROL_POINT = "unknown_control_point"
    ALREADY_REGISTERED = "already_registered"
    INVALID_REGISTRATION = "invalid_registration"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


_MEANING: dict[Code, tuple[HTTPStatus, str]] = {
    Code.BAD_JSON: (HTTPStatus.BAD_REQUEST, "The body is not JSON."),
    Code.INVALID_REQUEST: (HTTPStatus.BAD_REQUEST, "The request is not as described."),
    Code.TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    Code.NOT_FOUND: (HTTPStatus.NOT_FOUND, "There is nothing here."),
    Code.METHOD_NOT_ALLOWED: (HTTPStatus.METHOD_NOT_ALLOWED, "Not with this method."),
    Code.API_KEY_REFUSED: (HTTPStatus.FORBIDDEN, "The API key does not open this."),
    Code.LOGIN_REFUSED: (HTTPStatus.UNAUTHORIZED, "The log-in was refused."),
    Code.LOGIN_LOCKED: (HTTPStatus.LOCKED, "This user ID is locked for now."),
    Code.SESSION_EXPIRED: (HTTPStatus.UNAUTHORIZED, "The log-in has lapsed."),
    Code.UNKNOWN_CCRN: (HTTPStatus.NOT_FOUND, "No such CCRN."),
    Code.ALREADY_BUNDLED: (HTTPStatus.CONFLICT, "The cargo is in a live bundle."),
    Code.CARGO_EXPIRED: (HTTPStatus.CONFLICT, "The expected date is too long past."),
    Code.CARGO_CROSSED: (HTTPStatus.CONFLICT, "The cargo has crossed the boundary."),
    Code.TOO_MANY_CCRNS: (HTTPStatus.UNPROCESSABLE_ENTITY, "Too many CCRNs for one bundle."),
    Code.MIXED_DIRECTIONS: (HTTPStatus.CONFLICT, "Inbound and outbound cargo do not mix."),
    Code.UNKNOWN_BUNDLE: (HTTPStatus.NOT_FOUND, "No such bundle."),
    Code.BUNDLE_NOT_LIVE: (HTTPStatus.CONFLICT, "The bundle is no longer live."),
    Code.BAD_VEHICLE: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not a Hong Kong registration mark."),
    Code.MAINLAND_PLATE: (HTTPStatus.UNPROCESSABLE_ENTITY, "A Mainland plate: give the Hong Kong "
                          "registration mark of this vehicle."),
    Code.IDEMPOTENCY_KEY_MISSING: (HTTPStatus.BAD_REQUEST, "An Idempotency-Key of 1 to 128 visible "
                                   "ASCII characters is needed."),
    Code.IDEMPOTENCY_KEY_REUSED: (HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key was used "
                                  "for another request."),
    Code.KEY_ANNULLED: (HTTPStatus.CONFLICT, "This Idempotency-Key was settled as never used."),
    Code.UNBUNDLE_DISABLED: (HTTPStatus.FORBIDDEN, "Unbundling is switched off."),
    Code.TOO_EARLY_TO_LODGE: (HTTPStatus.UNPROCESSABLE_ENTITY, "The expected date is too far "
                              "ahead."),
    Code.DATE_PAST: (HTTPStatus.UNPROCESSABLE_ENTITY, "The expected date is past."),
    Code.CARGO_IN_BUNDLE: (HTTPStatus.CONFLICT, "Cargo data is amended only while unbundled."),
    Code.NOT_YET: (HTTPStatus.CONFLICT, "The bundle may not cross yet."),
    Code.UNKNOWN_COMPANY: (HTTPStatus.UNPROCESSABLE_ENTITY, "No such company is registered."),
    Code.UNKNOWN_DRIVER: (HTTPStatus.NOT_FOUND, "No such driver is registered."),
    Code.UNKNOWN_CONTROL_POINT: (HTTPStatus.UNPROCESSABLE_ENTITY, "No such control point is open."),
    Code.ALREADY_REGISTERED: (HTTPStatus.CONFLICT, "Registered before."),
    Code.INVALID_REGISTRATION: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not of the form settings ask."),
    Code.UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "ROCARS cannot answer now."),
    Code.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "ROCARS failed."),
}  # fmt: skip


class Problem(Exception):
    """A refusal. `subject` is the CCRN, UBR, mark or field it is about; never a secret."""

    def __init__(self, code: Code, subject: str = "", detail: str = "") -> None:
        super().__init__(code.value)
        self.code = code
        self.subject = subject
        self.detail = detail

    @property
    def status(self) -> HTTPStatus:
        return _MEANING[self.code][0]

    def document(self) -> ProblemDetails:
        return ProblemDetails(
            type=f"urn:rocars:problem:{self.code}",
            title=_MEANING[self.code][1],
            status=self.status.value,
            code=self.code,
            subject=self.subject[:200],
            detail=self.detail or None,
        )


class ProblemDetails(BaseModel):
    """Problem details for HTTP interfaces (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="URN that names the kind of problem.")
    title: str = Field(description="The same for every problem of this kind.")
    status: int = Field(description="The HTTP status.")
    code: Code = Field(description="Stable name of the problem.")
    subject: str = Field(description="CCRN, UBR, mark or field it is about; empty when none.")
    detail: str | None = Field(default=None, description="What was expected, for a developer.")


def status_of(code: Code) -> int:
    return _MEANING[code][0].value


def title_of(code: Code) -> str:
    return _MEANING[code][1]

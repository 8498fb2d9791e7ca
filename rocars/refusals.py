"""What ROCARS answers when it will not: problem details (RFC 9457) with a stable `code`."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class Code(StrEnum):
    """Stable names of everything ROCARS can refuse."""

    status: HTTPStatus
    meaning: str

    def __new__(cls, code: str, status: HTTPStatus, meaning: str) -> Self:
        """`meaning` is the title of the problem, the same for every problem of this kind."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.status = status
        member.meaning = meaning
        return member

    BAD_JSON = "bad_json", HTTPStatus.BAD_REQUEST, "The body is not JSON."
    INVALID_REQUEST = "invalid_request", HTTPStatus.BAD_REQUEST, "The request is not as described."
    TOO_LARGE = "too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."
    NOT_FOUND = "not_found", HTTPStatus.NOT_FOUND, "There is nothing here."
    METHOD_NOT_ALLOWED = (
        "method_not_allowed",
        HTTPStatus.METHOD_NOT_ALLOWED,
        "Not with this method.",
    )
    API_KEY_UNKNOWN = (
        "api_key_unknown",
        HTTPStatus.UNAUTHORIZED,
        "No API key that counts came in X-Api-Key.",
    )
    SIGNATURE_REFUSED = (
        "signature_refused",
        HTTPStatus.UNAUTHORIZED,
        "The request is not signed as its API key asks.",
    )
    API_KEY_REFUSED = "api_key_refused", HTTPStatus.FORBIDDEN, "The API key does not open this."
    RIGHT_MISSING = (
        "right_missing",
        HTTPStatus.FORBIDDEN,
        "The API key is not for this.",
    )
    COMPANY_REFUSED = (
        "company_refused",
        HTTPStatus.FORBIDDEN,
        "The API key is neither of this company nor of an agent with its consent.",
    )
    TOO_MANY_REQUESTS = (
        "too_many_requests",
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests; try again later.",
    )
    MEDIA_TYPE_REFUSED = (
        "media_type_refused",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is of no media type that is taken here.",
    )
    LOGIN_REFUSED = "login_refused", HTTPStatus.UNAUTHORIZED, "The log-in was refused."
    LOGIN_LOCKED = "login_locked", HTTPStatus.LOCKED, "This user ID is locked for now."
    SESSION_EXPIRED = "session_expired", HTTPStatus.UNAUTHORIZED, "The log-in has lapsed."
    UNKNOWN_CCRN = "unknown_ccrn", HTTPStatus.NOT_FOUND, "No such CCRN."
    ALREADY_BUNDLED = "already_bundled", HTTPStatus.CONFLICT, "The cargo is in a live bundle."
    CARGO_EXPIRED = "cargo_expired", HTTPStatus.CONFLICT, "The expected date is too long past."
    CARGO_WITHDRAWN = "cargo_withdrawn", HTTPStatus.CONFLICT, "The cargo was withdrawn."
    CARGO_CROSSED = "cargo_crossed", HTTPStatus.CONFLICT, "The cargo has crossed the boundary."
    TOO_MANY_CCRNS = (
        "too_many_ccrns",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Too many CCRNs for one bundle.",
    )
    MIXED_DIRECTIONS = (
        "mixed_directions",
        HTTPStatus.CONFLICT,
        "Inbound and outbound cargo do not mix.",
    )
    UNKNOWN_BUNDLE = "unknown_bundle", HTTPStatus.NOT_FOUND, "No such bundle."
    BUNDLE_NOT_LIVE = "bundle_not_live", HTTPStatus.CONFLICT, "The bundle is no longer live."
    BAD_VEHICLE = (
        "bad_vehicle",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Not a Hong Kong registration mark.",
    )
    MAINLAND_PLATE = (
        "mainland_plate",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A Mainland plate: give the Hong Kong registration mark of this vehicle.",
    )
    IDEMPOTENCY_KEY_MISSING = (
        "idempotency_key_missing",
        HTTPStatus.BAD_REQUEST,
        "An Idempotency-Key of 1 to 128 visible ASCII characters is needed.",
    )
    IDEMPOTENCY_KEY_REUSED = (
        "idempotency_key_reused",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This Idempotency-Key was used for another request.",
    )
    KEY_ANNULLED = (
        "key_annulled",
        HTTPStatus.CONFLICT,
        "This Idempotency-Key was settled as never used.",
    )
    UNBUNDLE_DISABLED = "unbundle_disabled", HTTPStatus.FORBIDDEN, "Unbundling is switched off."
    TOO_EARLY_TO_LODGE = (
        "too_early_to_lodge",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The expected date is too far ahead.",
    )
    DATE_PAST = "date_past", HTTPStatus.UNPROCESSABLE_ENTITY, "The expected date is past."
    CARGO_IN_BUNDLE = (
        "cargo_in_bundle",
        HTTPStatus.CONFLICT,
        "Cargo data is amended only while unbundled.",
    )
    FILE_REPEATED = (
        "file_repeated",
        HTTPStatus.CONFLICT,
        "This very file was lodged before; lodge it again only on purpose.",
    )
    UNKNOWN_BATCH = "unknown_batch", HTTPStatus.NOT_FOUND, "No such batch."
    UNKNOWN_MESSAGE = "unknown_message", HTTPStatus.NOT_FOUND, "No such message."
    MESSAGE_REUSED = (
        "message_reused",
        HTTPStatus.CONFLICT,
        "Another message came under this ID before.",
    )
    UNKNOWN_KEY = "unknown_key", HTTPStatus.NOT_FOUND, "No such API key."
    PUSH_ADDRESS_REFUSED = (
        "push_address_refused",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Results may not be pushed there.",
    )
    NO_PUSH_ADDRESS = "no_push_address", HTTPStatus.NOT_FOUND, "No push address is registered."
    NOT_YET = "not_yet", HTTPStatus.CONFLICT, "The bundle may not cross yet."
    UNKNOWN_COMPANY = (
        "unknown_company",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "No such company is registered.",
    )
    UNKNOWN_DRIVER = "unknown_driver", HTTPStatus.NOT_FOUND, "No such driver is registered."
    UNKNOWN_CONTROL_POINT = (
        "unknown_control_point",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "No such control point is open.",
    )
    UNKNOWN_LANE = "unknown_lane", HTTPStatus.NOT_FOUND, "There is no such lane."
    UNKNOWN_OFFICER = "unknown_officer", HTTPStatus.NOT_FOUND, "No such officer is registered."
    ALREADY_REGISTERED = "already_registered", HTTPStatus.CONFLICT, "Registered before."
    INVALID_REGISTRATION = (
        "invalid_registration",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Not of the form settings ask.",
    )
    UNAVAILABLE = "unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "ROCARS cannot answer now."
    INTERNAL = "internal", HTTPStatus.INTERNAL_SERVER_ERROR, "ROCARS failed."


class Problem(Exception):
    """A refusal. `subject` is the CCRN, UBR, mark or field it is about; never a secret.
    `retry_after_s`: seconds after which it may be tried again."""

    def __init__(
        self,
        code: Code,
        subject: str = "",
        detail: str = "",
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.subject = subject
        self.detail = detail
        self.retry_after_s = retry_after_s

    def document(self) -> ProblemDetails:
        return ProblemDetails(
            type=f"urn:rocars:problem:{self.code}",
            title=self.code.meaning,
            status=self.code.status.value,
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

"""The table of the passkeys with which people of the console log in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.models import Base, Json


class Passkey(Base):
    """A credential of somebody's security key, telephone or computer (WebAuthn level 3). What is
    kept of it is public: it opens nothing.

    Attributes:
        name: what its owner calls it.
        host: name of the console under which it was made; it is good under no other.
        credential_id: as authenticators and browsers name it, base64url.
        public_key: COSE, as it came.
        sign_count: of its last use; one that goes back tells of a copy. 0 of many: they keep none.
        transports: how browsers reach it: ``usb``, ``internal``.
        used_at: when it was last used; no proof for an older challenge is taken.
    """

    __tablename__ = "passkeys"

    passkey_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]] = mapped_column(Json)
    made_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

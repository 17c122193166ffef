"""Tables of admission. Private to the room."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class PolicyRow(Base):
    """What operators chose; there is one row at most."""

    __tablename__ = "admission_policy"
    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("mode IN ('open', 'invitation', 'approval', 'closed')", name="mode"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(String(10))
    work: Mapped[bool]
    question: Mapped[str] = mapped_column(String(300))
    invitations_per_member: Mapped[int]
    changed_at: Mapped[datetime]


class InvitationRow(Base):
    """`made_by` is null for one that was made in the terminal of the house."""

    __tablename__ = "admission_invitation"
    __table_args__ = (CheckConstraint("used BETWEEN 0 AND uses", name="used"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str] = mapped_column(String(80))
    uses: Mapped[int]
    used: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class InvitedRow(Base):
    """Who came by whose invitation, until either leaves."""

    __tablename__ = "admission_invited"

    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), primary_key=True
    )
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class PassRow(Base):
    """A letter was asked for with an invitation: who follows its link comes in by it, on whatever device."""

    __tablename__ = "admission_pass"

    letter_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_letter.id", ondelete="CASCADE"), primary_key=True
    )
    invitation_id: Mapped[UUID] = mapped_column(
        ForeignKey("admission_invitation.id", ondelete="CASCADE"), index=True
    )


class ApplicationRow(Base):
    """The request of an account that waits. It goes once they are let in."""

    __tablename__ = "admission_application"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'refused')", name="state"),)

    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str] = mapped_column(String(8))
    question: Mapped[str] = mapped_column(String(300))
    answer: Mapped[str] = mapped_column(String(1000))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    decided_at: Mapped[datetime | None] = mapped_column(index=True)
    reason: Mapped[str | None] = mapped_column(String(300))


class SpentRow(Base):
    """A challenge that was solved and used: it counts once. Kept for an hour, to see how many there were."""

    __tablename__ = "admission_spent"

    salt: Mapped[str] = mapped_column(String(22), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)

"""Tables of accounts. Private to the room."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base

SHOWN_WORDS = r"to_tsvector('simple', regexp_replace(shown_name, '\W+|_+', ' ', 'g'))"


class AccountRow(Base):
    """`login_name` is the handle and `shown_name` the name as room `people` pushed them; `erasure_id` is set once the
    person is leaving, and `leaves_at` is when that can be taken back no more. `kind` is `person` or `service`: the
    latter has neither address nor password. `seen_at` is the last visit, to an hour.
    `waits` until an operator lets the person in. `password_made_up_at` while its password is one that the house made
    up."""

    __tablename__ = "accounts_account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), server_default=text("'person'"))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    login_name: Mapped[str | None] = mapped_column(String(64), unique=True)
    shown_name: Mapped[str | None] = mapped_column(String(60))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    theme: Mapped[str] = mapped_column(String(10), server_default=text("'system'"))
    created_at: Mapped[datetime]
    email_verified_at: Mapped[datetime | None]
    erasure_id: Mapped[UUID | None] = mapped_column(unique=True)
    leaves_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    waits: Mapped[bool] = mapped_column(server_default=false())
    password_made_up_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "CASE kind WHEN 'person' THEN email IS NOT NULL AND password_hash IS NOT NULL"
            " WHEN 'service' THEN email IS NULL AND password_hash IS NULL ELSE false END",
            name="kind",
        ),
        Index("accounts_account_leaves_at_ix", "leaves_at", postgresql_where=text("leaves_at IS NOT NULL")),
        # The directory's: its two orders, its rare filters, and what it searches by.
        Index("accounts_account_joined_ix", "created_at", "id"),
        Index("accounts_account_last_ix", text("coalesce(seen_at, created_at)"), "id"),
        Index("accounts_account_services_ix", "created_at", "id", postgresql_where=text("kind = 'service'")),
        Index("accounts_account_roles_ix", "roles", postgresql_using="gin"),
        Index("accounts_account_handle_ix", "login_name", postgresql_ops={"login_name": "text_pattern_ops"}),
        Index("accounts_account_address_ix", "email", postgresql_ops={"email": "text_pattern_ops"}),
        Index("accounts_account_names_ix", text(SHOWN_WORDS), postgresql_using="gin"),
    )


class FactorRoleRow(Base):
    """A role that operators made and ask a second factor of, as room `roles` pushed it."""

    __tablename__ = "accounts_factor_role"

    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class RestrictionRow(Base):
    """An account was suspended or limited, `until` a moment or until somebody lifts it. At most one of an account is
    neither over nor lifted: the account is locked while one is added. `note` is for operators alone."""

    __tablename__ = "accounts_restriction"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    note: Mapped[str] = mapped_column(String(1000), server_default=text("''"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]


class SessionRow(Base):
    """A browser's session, one family of refresh tokens: see `rules.refresh`. `device` and `place` are as of its last
    refresh, at `refreshed_at`; `proven_at` is when its person last showed a password or a factor."""

    __tablename__ = "accounts_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[bytes] = mapped_column(LargeBinary)
    refresh_hash: Mapped[bytes] = mapped_column(LargeBinary)
    before_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    device: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    proven_at: Mapped[datetime]
    refreshed_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class CutRow(Base):
    """Access tokens of the session `id` that were made before `at` count no more. Also names a program's token that was
    revoked, for the sockets that it opened. Outlives what it names, by minutes."""

    __tablename__ = "accounts_cut"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class KeyRow(Base):
    """A key that signs access tokens from `signs_at` on and counts until `ends_at`. The private half is `sealed` under
    the secret of the machines that use it, which `seal` names."""

    __tablename__ = "accounts_key"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public: Mapped[dict[str, Any]]
    sealed: Mapped[str] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(String(16))
    signs_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]


class NoticeRow(Base):
    """Something about signing in that the owner should know; `told_at` once a letter left."""

    __tablename__ = "accounts_notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(index=True)
    told_at: Mapped[datetime | None]


class SeenRow(Base):
    """Where somebody signed in or was signed in lately, or chose a password by a link: `mark` is a keyed hash of device
    and network together."""

    __tablename__ = "accounts_seen"

    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), primary_key=True
    )
    mark: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class LookRow(Base):
    """An operator looks at the house through the eyes of `about_id`, in one session, until a moment at most. Has the id
    of the notice that tells the person, and outlives the session."""

    __tablename__ = "accounts_look"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(index=True)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True)
    about_id: Mapped[UUID] = mapped_column(ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    since: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TokenRow(Base):
    """A program's token; its secret is known to the program only. `end_told_at`: when its owner was told that it ends
    soon."""

    __tablename__ = "accounts_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(String(80))
    via: Mapped[str] = mapped_column(String(10))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
    end_told_at: Mapped[datetime | None]


class DeviceRow(Base):
    """A device that waits for somebody's approval; `account_id` is set when it came."""

    __tablename__ = "accounts_device"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    client_name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    state: Mapped[str] = mapped_column(String(10), server_default=text("'pending'"))
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LetterRow(Base):
    """A letter that is to be written, then the link that it brought. `address` is where it goes; for a reset that
    nobody looked up yet, the name that was asked for; empty for a link that the operator hands out. `secret_hash` is
    set when the letter is written, and nobody but its reader knows the secret."""

    __tablename__ = "accounts_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    address: Mapped[str] = mapped_column(String(254), index=True)
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ThrottleRow(Base):
    """How often something was tried in the present window; `key` is a hash of what is counted."""

    __tablename__ = "accounts_throttle"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tries: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class TotpRow(Base):
    """The secret of an app that makes codes, `sealed` as keys are. It counts once `confirmed_at` is set; `last_step` is
    the last half minute whose code was taken."""

    __tablename__ = "accounts_totp"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    sealed: Mapped[str] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(String(16))
    last_step: Mapped[int]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class PasskeyRow(Base):
    """The public half of a passkey. `sign_count` is what its authenticator last said, 0 where it does not count."""

    __tablename__ = "accounts_passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    transports: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class RecoveryCodeRow(Base):
    """A code that was not used yet; it goes when it is."""

    __tablename__ = "accounts_recovery_code"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]


class StepRow(Base):
    """Half of something that takes two requests: a sign-in whose password was right, or the challenge of a passkey.
    `bound_to` is a hash of the cookie or the session that began it, and alone may end it."""

    __tablename__ = "accounts_step"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    bound_to: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    tries: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PseudonymRow(Base):
    """What the audit log calls a person, and the key that opens the words about them there. Goes with the account: then
    nothing leads from an entry to the person any more."""

    __tablename__ = "accounts_pseudonym"

    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(unique=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)


BACKUPS = text("act = 'backup.begun'")


class AuditRow(Base):
    """Something that was done. `by_id` and `about_id` are pseudonyms, `sealed` are words that the key of `about_id`
    opens. Waits for its place in the chain while `seq` is null; afterwards a trigger lets nothing change."""

    __tablename__ = "accounts_audit"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(40))
    by_id: Mapped[UUID | None] = mapped_column(index=True)
    via: Mapped[str] = mapped_column(String(10))
    about_id: Mapped[UUID | None] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]
    sealed: Mapped[str | None] = mapped_column(Text)
    seq: Mapped[int | None] = mapped_column(unique=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("accounts_audit_waiting_ix", "id", postgresql_where=text("seq IS NULL")),
        Index("accounts_audit_backup_ix", "at", postgresql_where=BACKUPS),
    )


class AuditHeadRow(Base):
    """Where the chain begins and ends, sealed by the machines whose secret `seal` names."""

    __tablename__ = "accounts_audit_head"

    seal: Mapped[str] = mapped_column(String(16), primary_key=True)
    first_seq: Mapped[int]
    first_before: Mapped[bytes] = mapped_column(LargeBinary)
    seq: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    broken_at: Mapped[datetime | None]
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class RefusalRow(Base):
    """Refused sign-ins of the present window that have no entry of their own; `id` is the pseudonym of whom they were
    about, or zero where nobody is called so."""

    __tablename__ = "accounts_refusal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tries: Mapped[int]
    since: Mapped[datetime]

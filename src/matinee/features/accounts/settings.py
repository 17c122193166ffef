"""Settings of the room that are about passwords, second factors, tokens and the audit log."""

import re

from pydantic import Field, field_validator

from matinee.kernel.actor import GUEST_ROLE, OWNER_ROLE, ROLE_NAME
from matinee.kernel.settings import Concern


class PasswordSettings(Concern):
    """Passwords: what checking one costs, who else is asked whether one leaked, and how long a made-up one lasts."""

    argon2_time_cost: int = Field(2, ge=1, le=20, description="Passes of argon2id over its memory.")
    argon2_memory_kib: int = Field(65_536, ge=8, le=4_194_304, description="KiB of memory for one argon2id.")
    argon2_at_once: int = Field(
        2,
        ge=1,
        le=64,
        description="Passwords that one process hashes side by side; each takes the memory above.",
    )
    argon2_waiting: int = Field(
        100,
        ge=0,
        le=10_000,
        description="Passwords that may wait for that; who comes then is sent away with 503.",
    )
    breaches_url: str = Field(
        "",
        description="Range service for leaked passwords, such as https://api.pwnedpasswords.com/range. It is told"
        " the first five signs of a SHA-1, never the password. Default: nobody is asked, the list that came with the"
        " install answers alone.",
    )

    first_password_days: int = Field(
        7,
        ge=1,
        le=365,
        description="Days for which a password that the house made up signs in, unless its person chose another.",
    )

    @field_validator("breaches_url")
    @classmethod
    def _secured(cls, value: str) -> str:
        if value and not re.fullmatch(
            r"https://[^\s?#@]+|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^\s?#@]*)?", value
        ):
            raise ValueError("MATINEE_BREACHES_URL is https://host/path, without user, query or fragment")
        return value.rstrip("/")


class FactorSettings(Concern):
    """Second factors: of whom one is asked for."""

    second_factor_roles: str | None = Field(
        None,
        description="Roles, comma separated, whose people need a second factor, such as admin,moderator; also roles"
        " that operators made. Without one they can sign in and set one up, and nothing else. What is"
        " asked of admins is asked of owners. Default: owners and admins where the public address is https, else"
        " nobody; set and empty: nobody.",
    )

    @field_validator("second_factor_roles")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        for name in sorted(_words(value or "")):
            if name == GUEST_ROLE or not re.fullmatch(ROLE_NAME, name):
                raise ValueError(f"MATINEE_SECOND_FACTOR_ROLES: there is no role {name}")
        return value

    def roles_at(self, address: str) -> frozenset[str]:
        """Of a house that people reach at `address`."""
        if self.second_factor_roles is None:
            named = {"admin"} if address.startswith("https://") else set()
        else:
            named = _words(self.second_factor_roles)
        return frozenset(named | {OWNER_ROLE} if "admin" in named else named)


class TokenSettings(Concern):
    """Tokens of programs: how long they live."""

    program_days: int = Field(
        90, ge=0, le=36_500, description="Days that a program's token lives unless it is told; 0 for ever."
    )
    program_days_most: int = Field(
        366, ge=0, le=36_500, description="Days that one may live at most; 0 allows tokens that never end."
    )


class LeavingSettings(Concern):
    """Leaving: how long it can be taken back."""

    leaving_days: int = Field(
        14,
        ge=0,
        le=365,
        description="Days between somebody's wish to leave and their erasure; signing in takes the wish back. 0: at"
        " once.",
    )


class RetentionSettings(Concern):
    """Notices about sign-ins: how long they are kept."""

    notice_days: int = Field(
        90, ge=1, le=3650, description="Days for which notices about somebody's sign-ins are kept for them."
    )


class AuditSettings(Concern):
    """Audit log: how long the house remembers what was done."""

    audit_days: int = Field(
        1095,
        ge=0,
        le=36_500,
        description="Days for which entries of the audit log are kept; 0 keeps them for ever.",
    )


def _words(value: str) -> set[str]:
    return {word.strip() for word in value.split(",") if word.strip()}

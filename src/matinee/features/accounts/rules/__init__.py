"""Decisions about accounts without database or clock: what an email and a password must be, and codes.

Never hashes and never stores.
"""

import hashlib
import re
import secrets
import string
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from zxcvbn_rs_py import zxcvbn

from matinee.features.accounts.errors import BadEmail, WeakPassword

PASSWORD_LEAST = 12
PASSWORD_MOST = 128
EMAIL_MOST = 254
TOKEN_PREFIX = "mat_"
LAST_MINUTES = timedelta(minutes=5)
_SIGNS = string.digits + string.ascii_letters
# No vowels (no words), no letter that looks like a digit or like another letter.
CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

_EMAIL = re.compile(
    r"[^\s@\"(),:;<>\[\\\]\x00-\x20\x7f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]"
)
# Guesses that a thief of hashes needs, as a power of ten: at ten thousand a second, more than a day.
GUESSES_LEAST = 9.0
GUESSES_STRONG = 12.0
_MEND = "Add a word or two that have nothing to do with it."


@dataclass(frozen=True, slots=True)
class Strength:
    """`guesses` is the power of ten of the tries that a password takes; `why` a sentence for one that takes too few."""

    guesses: float
    why: str | None


def normalise_email(text: str) -> str:
    """One spelling per mailbox: NFC, no space around, lower case. Raises `BadEmail`."""
    email = unicodedata.normalize("NFC", text.strip()).lower()
    if (
        len(email) > EMAIL_MOST
        or not _EMAIL.fullmatch(email)
        or ".." in email
        or email.split("@")[0][-1] == "."
    ):
        raise BadEmail(field="email")
    return email


def normalise_login(text: str) -> str:
    """The form in which an email or a handle is looked up; handles are shown with an @ in front."""
    return unicodedata.normalize("NFC", text.strip().removeprefix("@")).lower()


def normalise_password(text: str) -> bytes:
    """The bytes that are hashed: equal for every way in which a keyboard may compose the same characters."""
    return unicodedata.normalize("NFKC", text).encode()


def strength(password: str, own_words: Iterable[str]) -> Strength:
    """How hard a password is to guess for somebody who knows the person's own words."""
    plain = unicodedata.normalize("NFKC", password)
    own = _words(own_words)
    found = zxcvbn(plain, sorted(own))
    if found.guesses_log10 >= GUESSES_LEAST:
        return Strength(found.guesses_log10, None)
    if any(word in plain.casefold() for word in own):
        why = "Your own name or address is easy to guess."
    else:
        known = found.feedback.warning if found.feedback is not None else None
        why = str(known) if known is not None else "This is easy to guess."
    return Strength(found.guesses_log10, f"{why} {_MEND}")


def check_password(password: str, own_words: Iterable[str], *, field: str = "password") -> None:
    """Raises `WeakPassword` for one that is short, long, or easy to guess for somebody who knows the person."""
    if len(password) < PASSWORD_LEAST:
        raise WeakPassword(f"A password has at least {PASSWORD_LEAST} characters.", field=field)
    if len(password) > PASSWORD_MOST:
        raise WeakPassword(f"A password has at most {PASSWORD_MOST} characters.", field=field)
    if (why := strength(password, own_words).why) is not None:
        raise WeakPassword(why, field=field)


def _words(texts: Iterable[str]) -> set[str]:
    """The words of the person and of the house, whole and in their parts."""
    words = {"matinee"}
    for text in texts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        words |= {folded, *re.split(r"[\W_]+", folded)}
    return {word for word in words if len(word) >= 3}


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def new_first_password() -> str:
    """One that the house makes up for somebody: 96 random bits as text."""
    return secrets.token_urlsafe(12)


def new_token() -> str:
    """A program's token: secret scanners know it by its prefix; its last six signs are a checksum of the rest."""
    text = TOKEN_PREFIX + _in_62(int.from_bytes(secrets.token_bytes(32), "big"), 43)
    return text + _checksum(text)


def may_be_token(text: str) -> bool:
    """False for what the house never gave out, without asking the database. Those of before had no checksum."""
    if not text.startswith(TOKEN_PREFIX) or not text.isascii():
        return False
    if len(text) == len(TOKEN_PREFIX) + 43:
        return True
    return len(text) == len(TOKEN_PREFIX) + 49 and secrets.compare_digest(text[-6:], _checksum(text[:-6]))


def _checksum(text: str) -> str:
    return _in_62(zlib.crc32(text.encode()), 6)


def _in_62(number: int, length: int) -> str:
    signs = []
    for _ in range(length):
        number, sign = divmod(number, 62)
        signs.append(_SIGNS[sign])
    return "".join(reversed(signs))


def digest(secret: str) -> bytes:
    """What is stored of a random secret: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def new_user_code() -> str:
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def normalise_user_code(text: str) -> str:
    """As it was handed out, however a person typed it."""
    letters = re.sub(r"[^A-Za-z]", "", text[:40]).upper()
    return f"{letters[:4]}-{letters[4:]}"


def may_enter(erasure_id: UUID | None, leaves_at: datetime | None, now: datetime, *, to_stay: bool) -> bool:
    """Whether whoever proves to own an account may sign in: not while it leaves, unless that can be taken back yet. The
    clocks of two machines may differ, so the last minutes do not count."""
    return erasure_id is None or (to_stay and leaves_at is not None and leaves_at - now > LAST_MINUTES)


def is_stand_in(email: str) -> bool:
    """Whether it is the address of an operator who has not named their own yet."""
    return email.endswith("@localhost.localdomain")


def first_password_ends(made_up_at: datetime | None, days: int) -> datetime | None:
    """When a password that the house made up opens nothing any more; None for one of a person's own."""
    return None if made_up_at is None else made_up_at + timedelta(days=days)


def throttle_key(kind: str, *parts: str) -> bytes:
    """Names a counter without holding whom it counts."""
    return hashlib.sha256("\x00".join((kind, *parts)).encode("utf-8", "surrogateescape")).digest()

"""Decisions about accounts without database or clock: what an email and a password must be, and codes.

Never hashes and never stores.
"""

import hashlib
import ipaddress
import re
import secrets
import unicodedata
from collections.abc import Iterable

from matinee.features.accounts.errors import BadEmail, WeakPassword

PASSWORD_LEAST = 10
PASSWORD_MOST = 200
EMAIL_MOST = 254
TOKEN_PREFIX = "mat_"
# No vowels (no words), no letter that looks like a digit or like another letter.
CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

_EMAIL = re.compile(
    r"[^\s@\"(),:;<>\[\\\]\x00-\x20\x7f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]"
)
# The head of public lists of leaked passwords, as whole words once digits and signs at both ends are cut off.
_COMMON = frozenset(
    """
    abcdef abcdefg abcdefgh abcdefghij abc admin administrator asdf asdfgh asdfghjkl azerty azertyuiop baseball
    basketball batman changeme charlie chocolate computer correcthorsebatterystaple dragon facebook football
    freedom geheim hallo hello hellohello hockey iloveyou internet jennifer jesus jordan killer letmein liverpool
    login lovely loveyou manchester master matrix michael michelle monkey mustang myspace ninja p@ssw0rd p@ssword
    pa55word passw0rd passwort password passwordpassword pokemon princess purple q1w2e3r4t5 qazwsx qazwsxedc
    querty qwer qwerty qwertyqwerty qwertyui qwertyuiop samsung secret shadow soccer spring summer autumn winter
    starwars sunshine superman superstar target test testtest thomas trustno trustnoone welcome whatever yankees
    zxcvbn zxcvbnm january february march april june july august september october november december
    """.split()  # noqa: SIM905
)
_RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6z7u8i9o0p",
)
_LEFT_OVER = 6


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


def check_password(password: str, own_words: Iterable[str], *, field: str = "password") -> None:
    """Raises `WeakPassword` for one that is short, long, common, a plain run, or made of the person's own words."""
    if len(password) < PASSWORD_LEAST:
        raise WeakPassword(f"A password has at least {PASSWORD_LEAST} characters.", field=field)
    if len(password) > PASSWORD_MOST:
        raise WeakPassword(f"A password has at most {PASSWORD_MOST} characters.", field=field)
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(set(plain)) < 4 or any(plain in run or plain in run[::-1] for run in _RUNS):
        raise WeakPassword(field=field)
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    if plain in _COMMON or core in _COMMON or (not core and len(set(plain)) < 6):
        raise WeakPassword("This is one of the most common passwords. Choose another.", field=field)
    rest = plain
    for word in sorted(_words(own_words), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < _LEFT_OVER:
        raise WeakPassword("Your password must not be made of your own name or address.", field=field)


def _words(texts: Iterable[str]) -> set[str]:
    words = {"matinee"}
    for text in texts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        words |= {folded, *re.split(r"[\W_]+", folded)}
    return {word for word in words if len(word) >= 3}


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of a random secret: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_of(session_token: str) -> str:
    """The value that a page must repeat in a header; it does not lead back to the session token."""
    return hashlib.sha256(b"csrf:" + session_token.encode("utf-8", "surrogateescape")).hexdigest()[:43]


def new_user_code() -> str:
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def normalise_user_code(text: str) -> str:
    """As it was handed out, however a person typed it."""
    letters = re.sub(r"[^A-Za-z]", "", text[:40]).upper()
    return f"{letters[:4]}-{letters[4:]}"


def throttle_key(kind: str, *parts: str) -> bytes:
    """Names a counter without holding whom it counts."""
    return hashlib.sha256("\x00".join((kind, *parts)).encode("utf-8", "surrogateescape")).digest()


def network_of(address: str) -> str:
    """The part of a network address that one household holds: IPv4 whole, IPv6 its first 64 bits."""
    try:
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)

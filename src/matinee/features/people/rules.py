"""Decisions about profiles without database or clock: what a handle and a shown name may be."""

import re
import unicodedata

from matinee.features.people.errors import BadHandle, BadName, HandleReserved
from matinee.kernel.words import is_blank, without_piles

HANDLE = re.compile(r"[a-z0-9_]{3,30}")
DISPLAY_NAME_MOST = 60
BIO_MOST = 500
# First words of our addresses, and names that would speak for the house.
RESERVED = frozenset(
    """
    about account accounts admin administrator anonymous api assets blog contact device docs embed error everyone
    explore favicon feed guest health help history home house index jobs legal live log_in login logout matinee me
    media metrics mod moderator moderators new nobody notifications null oembed official operator owner press
    privacy profile profiles robots root run search security service session settings shorts sign_in sign_out
    sign_up signin signout signup sitemap socket staff static studio support system team terms tokens undefined
    upload uploads user users verify video videos watch webmaster well_known
    """.split()  # noqa: SIM905
)


def normalise_handle(text: str) -> str:
    """Handles are compared and kept in lower case, without the @ that people write before them. Raises
    `BadHandle`."""
    handle = text.strip().removeprefix("@").lower()
    if not HANDLE.fullmatch(handle):
        raise BadHandle(field="handle")
    return handle


def check_free(handle: str) -> None:
    """Raises `HandleReserved`."""
    if handle in RESERVED or not handle.strip("_"):
        raise HandleReserved(field="handle")


def normalise_name(text: str) -> str:
    """One line of at most 60 characters that can be seen. Raises `BadName`."""
    name = " ".join(_visible(text, keep="").split())
    if is_blank(name) or len(name) > DISPLAY_NAME_MOST:
        raise BadName(field="display_name")
    return name


def normalise_bio(text: str) -> str:
    """Lines of text without other control characters."""
    return _visible(text.replace("\r\n", "\n"), keep="\n").strip()[:BIO_MOST]


def _visible(text: str, *, keep: str) -> str:
    """Without control characters and without marks that turn the direction of what follows."""
    plain = without_piles(unicodedata.normalize("NFC", text))
    return "".join(c if c in keep or not _hidden(c) else " " for c in plain)


def _hidden(c: str) -> bool:
    joiner = c in "\u200c\u200d"  # part of scripts and of emoji
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and not joiner

"""What somebody means who types into the directory's search. Never touches a database."""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_WORDS_MOST = 5


@dataclass(frozen=True, slots=True)
class Search:
    """Beginnings of a handle or an address, and of words of a shown name as PostgreSQL's `to_tsquery` reads them."""

    handle: str | None = None
    names: str | None = None
    address: str | None = None


def read(text: str) -> Search:
    """An address has an @ behind its first sign, and is looked for only then: who types a name does not learn whose
    address begins so."""
    plain = unicodedata.normalize("NFC", text).strip().lower()
    if "@" in plain[1:]:
        return Search(address=plain)
    if plain.startswith("@"):
        return Search(handle=plain[1:])
    words = _WORD.findall(plain)[:_WORDS_MOST]
    return Search(handle=plain, names=" & ".join(f"'{word}':*" for word in words) or None)

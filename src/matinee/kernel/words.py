"""Words that people and programs give: what of them is kept, and shown in one line. Never cuts, and never refuses."""

import re
import unicodedata

# Letters, and one symbol, that are drawn as nothing.
_DRAWN_AS_NOTHING = "\u115f\u1160\u2800\u3164\uffa0"
_MARKS_MOST = 6
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def without_controls(text: object) -> object:
    """Drops what no person typed: controls, halves of surrogate pairs, marks that turn the direction of the text.
    Nothing is left of what nobody could see."""
    if not isinstance(text, str):
        return text
    text = _DIRECTIONS.sub("", text.replace("\r\n", "\n"))
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))
    text = without_piles("".join(kept)).strip()
    return "" if is_blank(text) else text


def without_piles(text: str) -> str:
    """Of marks that stand on one letter a few are kept: no script piles more, and higher piles cover what is near."""
    kept, height = [], 0
    for c in text:
        height = height + 1 if unicodedata.category(c) in ("Mn", "Me") else 0
        if height <= _MARKS_MOST:
            kept.append(c)
    return "".join(kept)


def is_blank(text: str) -> bool:
    """Whether it shows nothing: blanks, joiners, marks that stand on no letter, letters that are drawn as nothing."""
    unseen = ("Cc", "Cf", "Mn", "Zl", "Zp", "Zs")
    return all(c in _DRAWN_AS_NOTHING or unicodedata.category(c) in unseen for c in text)


def one_line(text: object) -> object:
    """Each run of blanks is one."""
    return " ".join(text.split()) if isinstance(text, str) else text


def in_one_line(text: object) -> object:
    """Both."""
    return one_line(without_controls(text))


def shown(text: str) -> str:
    """For a terminal, which would obey what stands between the letters."""
    return str(in_one_line(text))

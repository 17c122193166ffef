"""What the sound tracks of a source are called. Pure; never reads a file."""

from __future__ import annotations

from collections.abc import Sequence

from matinee.engines.media.facts import AudioFacts

_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_TOOLS = ("handler", "core media", "gpac", "mainconcept")
"""What programs write where a title should stand."""


def names_of(tracks: Sequence[AudioFacts]) -> tuple[tuple[str | None, str], ...]:
    """(language tag, name for people) of each track, in their order.

    Tags are as BCP 47 wants them, which containers do not say: `deu` is `de`. A name is the track's title, else its
    language, else its place; none comes twice, since players tell tracks by their names (RFC 8216, 4.3.4.1).
    """
    found: list[tuple[str | None, str]] = []
    taken: set[str] = set()
    for place, track in enumerate(tracks, start=1):
        tag = _tag(track.language)
        title = track.title if track.title and not any(t in track.title.lower() for t in _TOOLS) else None
        name = plain = title or (_named(tag) if tag else f"Track {place}")
        again = 1
        while name in taken:
            again += 1
            name = f"{plain} {again}"
        taken.add(name)
        found.append((tag, name))
    return tuple(found)


def _tag(language: str | None) -> str | None:
    if not language:
        return None
    import langcodes  # its tables take a moment to load
    from langcodes.tag_parser import LanguageTagError

    try:
        tag = langcodes.standardize_tag(language)
        known = langcodes.get(tag).is_valid()
    except LanguageTagError:
        return None
    return tag if known and tag not in _NO_LANGUAGE and not "qaa" <= tag <= "qtz" else None


def _named(tag: str) -> str:
    import langcodes

    return langcodes.get(tag).display_name()

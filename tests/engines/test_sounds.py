"""Names and languages of sound tracks: what players show and tell them apart by."""

import pytest

from matinee.engines.media import AudioFacts
from matinee.engines.media.sounds import names_of


def _track(language: str | None = None, title: str | None = None) -> AudioFacts:
    return AudioFacts(
        stream_index=1, codec="aac", profile="LC", channels=2, sample_rate=48_000, language=language, title=title,
        start_s=0, end_s=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("eng", None, ("en", "English")),
        ("ger", "SoundHandler", ("de", "German")),
        ("deu", "Kommentar", ("de", "Kommentar")),
        ("zh-Hant", None, ("zh-Hant", "Chinese (Traditional)")),
        ("qaa", None, (None, "Track 1")),
        ("und", None, (None, "Track 1")),
        ("klingonish", "Core Media Audio", (None, "Track 1")),
        ('"\r\n#EXT', None, (None, "Track 1")),
    ],
)
def test_a_track_is_called_by_its_title_its_language_or_its_place(
    language: str, title: str | None, expected: tuple[str | None, str]
) -> None:
    assert names_of([_track(language, title)]) == (expected,)


def test_no_name_comes_twice() -> None:
    names = names_of([_track("eng"), _track("en"), _track("eng", "English 2"), _track()])
    assert [name for _, name in names] == ["English", "English 2", "English 2 2", "Track 4"]

"""How large something is, in words for people."""

import pytest

from matinee.features.files.rules import size_in_words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (1_536, "1.54 kB"),
        (999_999, "1 MB"),
        (5_000_000_000, "5 GB"),
        (999_600_000_000_000, "1 PB"),
        (1_000_000_000_000_000, "1 PB"),
        (5_000_000_000_000_000_000, "5000 PB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_fits(size_bytes: int, words: str) -> None:
    assert size_in_words(size_bytes) == words

"""A house that others reach does not start with a secret that they could guess."""

import logging
from pathlib import Path
from typing import Any

import pytest

from matinee.entrypoints.parts import load_settings
from matinee.entrypoints.strength import WeakSecret, refuse_weak, weakness
from matinee.kernel.settings import Settings

WEAK = [
    "a" * 48,
    "0101010101010101010101010101010101010101",
    "change-me-change-me-change-me-change-me",
    "This is the secret of our own dear house",
    "0123456789abcdef1234567890fedcba98765432",
]
REACHED: list[dict[str, Any]] = [
    {"public_url": "https://films.example"},
    {"host": "0.0.0.0"},
    {"trusted_proxies": "10.0.0.2"},
]


def settings(folder: Path, **given: Any) -> Settings:
    return load_settings(data_dir=folder, database_url="postgresql://localhost/x", **given)


@pytest.mark.parametrize("secret", WEAK)
@pytest.mark.parametrize("name", ["secret", "media_key"])
def test_a_weak_secret_is_refused_outside_development(tmp_path: Path, name: str, secret: str) -> None:
    with pytest.raises(WeakSecret, match=f"MATINEE_{name.upper()} is too easy to guess") as refused:
        refuse_weak(settings(tmp_path, public_url="https://films.example", **{name: secret}))
    assert secret not in str(refused.value)


@pytest.mark.parametrize("reached", REACHED)
def test_a_house_is_in_development_only_where_nobody_else_reaches_it(
    tmp_path: Path, reached: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WeakSecret):
        refuse_weak(settings(tmp_path, secret=WEAK[0], **reached))
    with caplog.at_level(logging.WARNING):
        refuse_weak(settings(tmp_path, secret=WEAK[0]))


def test_a_random_secret_and_one_that_the_house_makes_are_good(tmp_path: Path) -> None:
    import secrets

    for _ in range(200):
        assert weakness(secrets.token_hex(24)) is None
    refuse_weak(settings(tmp_path, public_url="https://films.example", secret=secrets.token_hex(24)))
    refuse_weak(settings(tmp_path, public_url="https://films.example"))


async def test_the_processes_of_a_house_look_before_they_serve(database_url: str, tmp_path: Path) -> None:
    from matinee.entrypoints import agreement

    given = load_settings(
        data_dir=tmp_path,
        database_url=database_url,
        public_url="https://films.example",
        secret=WEAK[0],
        bus="memory",
    )
    with pytest.raises(WeakSecret):
        await agreement.check(given)


def test_a_short_secret_is_no_secret_at_all(tmp_path: Path) -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        settings(tmp_path, secret="short")

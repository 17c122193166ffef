"""The bucket in one line, as it is copied from one machine to the next."""

from typing import Any

import pytest
from pydantic import ValidationError

from matinee.kernel.settings import StorageSettings


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (
            "s3+https://AK:se%2Fcr%40et@store.example:9000/films/house/a?region=eu-west-3",
            {
                "s3_endpoint": "https://store.example:9000",
                "s3_bucket": "films",
                "s3_prefix": "house/a",
                "s3_region": "eu-west-3",
                "key": ("AK", "se/cr@et"),
            },
        ),
        (
            "s3+http://AK:secret@[::1]:9000/films",
            {
                "s3_endpoint": "http://[::1]:9000",
                "s3_bucket": "films",
                "s3_prefix": "",
                "key": ("AK", "secret"),
            },
        ),
        (
            "s3://films/house?region=eu-west-3",
            {
                "s3_endpoint": None,
                "s3_bucket": "films",
                "s3_prefix": "house",
                "s3_region": "eu-west-3",
                "key": None,
            },
        ),
        ("s3://AK:secret@my.films", {"s3_bucket": "my.films", "s3_prefix": "", "key": ("AK", "secret")}),
    ],
)
def test_one_line_stands_for_all_settings_of_the_bucket(line: str, meant: dict[str, Any]) -> None:
    found: Any = StorageSettings(storage=line)
    access, secret = found.s3_access_key, found.s3_secret_key
    key = None if access is None else (access.get_secret_value(), secret.get_secret_value())
    assert found.storage == "s3"
    assert {name: key if name == "key" else getattr(found, name) for name in meant} == meant


def test_a_setting_of_its_own_wins_over_the_line() -> None:
    found = StorageSettings(storage="s3://films/house", s3_prefix="other")
    assert (found.s3_bucket, found.s3_prefix) == ("films", "other")


@pytest.mark.parametrize(
    "line",
    [
        "ftp://AK:secret@store.example/films",
        "s3+https://AK:secret@/films",
        "s3+https://AK:secret@store.example",
        "s3+https://AK:secret@store.example:99999/films",
        "s3+https://AK:secret@store.example/films#x",
        "s3+https://AK@store.example/films",
        "s3+http://AK:secret@store.example/films",
    ],
)
def test_a_line_that_names_no_bucket_is_refused_without_its_secret(line: str) -> None:
    with pytest.raises(ValidationError) as refused:
        StorageSettings(storage=line)
    (error,) = refused.value.errors()
    assert "MATINEE_S" in error["msg"]
    assert "AK:" not in str(refused.value), "a log may keep this"

"""Which addresses of a database are believed without TLS that is checked."""

import pytest
from pydantic import ValidationError

from matinee.kernel.settings import DatabaseSettings

HERE = [
    "postgresql://me:x@127.0.0.1:5432/matinee",
    "postgresql+psycopg://me:x@localhost/matinee",
    "postgresql://me:x@[::1]:5432/matinee",
    "postgresql:///matinee?host=/var/run/postgresql",
    "postgresql://me@%2Fvar%2Frun/matinee",
    "postgresql://127.0.0.1:1,localhost:2/matinee",
    "postgres://db.localhost/matinee?sslmode=disable",
]
ELSEWHERE = [
    "postgresql://me:hush@db.example/matinee",
    "postgresql://me:hush@10.0.0.5:5432/matinee?sslmode=disable",
    "postgresql://me:hush@db.example/matinee?sslmode=require",
    "postgresql://me:hush@db.example/matinee?sslmode=verify-ca",
    "postgresql://me:hush@db.example/matinee?sslmode=verify-full&sslmode=prefer",
    "postgresql://me:hush@127.0.0.1,db.example/matinee",
    "postgresql://me:hush@localhost/matinee?hostaddr=10.0.0.5",
    "postgresql://me:hush@/matinee?host=db.example",
    "postgresql:///matinee?service=elsewhere",
    "postgresql://localhost.example/matinee",
    "postgresql://2130706434/matinee",
]


@pytest.mark.parametrize("url", HERE)
def test_a_server_on_this_machine_needs_no_tls(url: str) -> None:
    assert DatabaseSettings(database_url=url).database_url is not None


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_server_elsewhere_needs_tls_that_is_checked(url: str) -> None:
    with pytest.raises(
        ValidationError, match=r"sslmode=verify-full.*MATINEE_DATABASE_ALLOW_PLAIN"
    ) as refused:
        DatabaseSettings(database_url=url)
    assert "hush" not in refused.value.errors()[0]["msg"]
    assert DatabaseSettings(database_url=url, database_allow_plain=True).database_url is not None


def test_with_checked_tls_any_server_is_believed() -> None:
    url = "postgresql://me:x@db.example,other.example/matinee?sslmode=verify-full&sslrootcert=system"
    assert DatabaseSettings(database_url=url).database_url is not None


@pytest.mark.parametrize("url", ["mysql://db/x", "db.example", "postgresql://[half/x"])
def test_what_is_no_address_of_postgresql_is_said(url: str) -> None:
    with pytest.raises(ValidationError, match="MATINEE_DATABASE_URL"):
        DatabaseSettings(database_url=url)

"""The health check of a worker's container: its own worker's sign counts, and no other's."""

import socket

import psycopg
import pytest

from matinee.entrypoints.worker import alive


@pytest.fixture
def sign(database_url: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Writes down that worker `name` gave a sign `ago_s` seconds ago."""
    monkeypatch.setenv("MATINEE_DATABASE_URL", database_url)

    def write(name: str, ago_s: int) -> None:
        with psycopg.connect("postgresql://" + database_url.partition("://")[2]) as connection:
            connection.execute(
                "INSERT INTO infra_worker VALUES (%s, '{}', now(), now() - make_interval(secs => %s))",
                (name, ago_s),
            )

    return write


def test_a_worker_of_this_host_is_alive_while_it_gives_signs(sign, capsys) -> None:  # type: ignore[no-untyped-def]
    sign("another-1", 0)
    assert alive.main() == 1
    assert "No worker of this host" in capsys.readouterr().err
    sign(f"{socket.gethostname()}-7", 3600)
    assert alive.main() == 1
    assert "The last sign came 3600 s ago" in capsys.readouterr().err
    sign(f"{socket.gethostname()}-8", 1)
    assert alive.main() == 0


def test_a_database_that_is_away_is_said_without_its_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATINEE_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    assert alive.main() == 1
    said = capsys.readouterr().err
    assert "cannot be asked" in said
    assert "secret" not in said

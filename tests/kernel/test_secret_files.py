"""Secrets come from files of a folder, and from nowhere that somebody did not name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from matinee.kernel.secret_files import readable_by_others
from matinee.kernel.settings import DatabaseSettings, HouseSettings, Settings

URL = "postgresql://me:hush@127.0.0.1/films"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where secrets lie; the environment names it."""
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATINEE_SECRETS_DIR", str(folder))
    monkeypatch.delenv("MATINEE_DATABASE_URL", raising=False)
    return folder


def url() -> str | None:
    found = Settings.load().of(DatabaseSettings).database_url
    return None if found is None else found.get_secret_value()


@pytest.mark.parametrize("name", ["MATINEE_DATABASE_URL", "matinee_database_url"])
def test_a_secret_is_read_from_the_file_of_its_name(folder: Path, name: str) -> None:
    assert url() is None
    (folder / name).write_text(f"{URL}\n")
    assert url() == URL


def test_a_link_is_followed_as_orchestrators_lay_them(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "..data" / "secret").write_text(URL)
    (folder / "matinee_database_url").symlink_to("..data/secret")
    assert url() == URL


def test_the_environment_wins_and_then_the_file_of_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "matinee_database_url").write_text(f"{URL}1")
    assert url() == f"{URL}1"
    Path(".env").write_text(f"MATINEE_DATABASE_URL={URL}2\n")
    assert url() == f"{URL}2"
    monkeypatch.setenv("MATINEE_DATABASE_URL", f"{URL}3")
    assert url() == f"{URL}3"


def test_the_folder_may_be_named_in_the_file_of_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "matinee_database_url").write_text(URL)
    monkeypatch.delenv("MATINEE_SECRETS_DIR")
    assert url() is None
    Path(".env").write_text(f"MATINEE_SECRETS_DIR={folder}\n")
    assert url() == URL


def test_only_secrets_come_from_files(folder: Path) -> None:
    (folder / "matinee_port").write_text("1234")
    assert Settings.load().house.port != 1234


def test_without_a_folder_nothing_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "matinee_database_url").write_text(URL)
    monkeypatch.setenv("MATINEE_SECRETS_DIR", "")
    assert (url(), HouseSettings().secrets_dir) == (None, None)


@pytest.mark.parametrize("content", [b"\xff\xfe hush", b"hush" * 20_000])
def test_what_cannot_be_a_secret_stops_the_start_and_is_not_shown(folder: Path, content: bytes) -> None:
    (folder / "matinee_secret").write_bytes(content)
    with pytest.raises(ValidationError, match="matinee_secret") as raised:
        Settings.load()
    assert "hush" not in str(raised.value)


def test_two_files_of_one_setting_stop_the_start(folder: Path) -> None:
    for name in ("MATINEE_SECRET", "matinee_secret"):
        (folder / name).write_text("hush")
    with pytest.raises(ValidationError, match="matinee_secret are one setting") as raised:
        Settings.load()
    assert "hush" not in str(raised.value)


def test_a_folder_that_is_not_there_stops_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_SECRETS_DIR", str(folder / "nowhere"))
    with pytest.raises(ValidationError, match="is no folder that can be read"):
        Settings.load()


def test_a_secret_that_is_wrong_is_told_like_one_of_the_environment(folder: Path) -> None:
    (folder / "matinee_database_url").write_text("mysql://me:hush@db.example/x")
    with pytest.raises(ValidationError, match="must start with postgresql://") as raised:
        Settings.load()
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("folder_mode", "mode", "others"),
    [
        (0o755, 0o600, False),
        (0o755, 0o400, False),
        (0o755, 0o640, True),
        (0o755, 0o604, True),
        (0o755, 0o602, True),
        (0o700, 0o644, False),
        (0o710, 0o640, True),
        (0o710, 0o604, False),
    ],
)
def test_a_file_is_open_to_others_where_its_mode_and_its_folder_let_them(
    tmp_path: Path, folder_mode: int, mode: int, others: bool
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    file = folder / "matinee_secret"
    file.touch()
    file.chmod(mode)
    folder.chmod(folder_mode)
    assert readable_by_others(file) is others

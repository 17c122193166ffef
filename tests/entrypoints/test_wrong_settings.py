"""What a person reads whose settings are wrong: one sentence that names the setting, and never a secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from matinee.entrypoints.foreseen import foreseen
from matinee.entrypoints.parts import load_settings
from matinee.kernel.errors import Invalid

SENTENCES = [
    ("PORT", "hush", "MATINEE_PORT: this must be a whole number."),
    ("PORT", "70000", "MATINEE_PORT: this must be at most 65535."),
    ("IMPORTS_AT_ONCE", "-1", "MATINEE_IMPORTS_AT_ONCE: this must be at least 0."),
    ("SHUTDOWN_S", "soon", "MATINEE_SHUTDOWN_S: this must be a number."),
    ("ENCODER_GIVES_WAY", "hush", "MATINEE_ENCODER_GIVES_WAY: this must be true or false."),
    ("BUS", "hush", "MATINEE_BUS: this must be 'memory', 'postgres' or 'redis'."),
    ("BUS", "redis", "MATINEE_BUS=redis needs MATINEE_REDIS_URL."),
    ("REDIS_URL", "http://hush", "MATINEE_REDIS_URL must begin with redis:// or rediss:// and name a host."),
    ("SECRET", "hush", "MATINEE_SECRET: this is too short: at least 32 characters."),
    ("MEDIA_KEY", "hush", "MATINEE_MEDIA_KEY: this is too short: at least 32 characters."),
    (
        "PUBLIC_URL",
        "films.example",
        "MATINEE_PUBLIC_URL: name it as https://films.example, without a path.",
    ),
    (
        "TRUSTED_PROXIES",
        "nowhere",
        "MATINEE_TRUSTED_PROXIES: 'nowhere' does not appear to be an IPv4 or IPv6 network;"
        " name addresses or networks such as 10.0.0.2 or 10.0.0.0/24.",
    ),
    ("DATABASE_URL", "mysql://me:hush@db.example/x", "MATINEE_DATABASE_URL must start with postgresql://."),
    (
        "DATABASE_URL",
        "postgresql://me:hush@db.example/x",
        "MATINEE_DATABASE_URL names another machine without sslmode=verify-full: add ?sslmode=verify-full,"
        " with sslrootcert=FILE or system, or set MATINEE_DATABASE_ALLOW_PLAIN=true where the network between"
        " is your own.",
    ),
    ("STORAGE", "s3", "MATINEE_STORAGE=s3 needs MATINEE_S3_BUCKET, the name of a bucket."),
    (
        "STORAGE",
        "ftp://me:hush@store.example/films",
        "MATINEE_STORAGE is local, s3, or s3+https://KEY:SECRET@store.example/bucket/prefix.",
    ),
    (
        "MAIL",
        "smtps://me:hush@post.example",
        "MATINEE_MAIL needs MATINEE_MAIL_FROM, such as Matinee <post@films.example>.",
    ),
    (
        "IMPORT_HOSTS",
        "*",
        "MATINEE_IMPORT_HOSTS: * is no host: write films.example, *.films.example or 192.0.2.1.",
    ),
    (
        "CLAMD_URL",
        "tcp://clamav:3310",
        "MATINEE_CLAMD_URL names another machine, and clamd speaks no TLS: set MATINEE_CLAMD_ALLOW_PLAIN=true where"
        " the network between is your own.",
    ),
    ("IMPORT_PORTS", "0", "MATINEE_IMPORT_PORTS: 0 is no port or range of ports."),
    ("SECOND_FACTOR_ROLES", "King!", "MATINEE_SECOND_FACTOR_ROLES: there is no role King!."),
    (
        "BREACHES_URL",
        "http://ranges.example",
        "MATINEE_BREACHES_URL is https://host/path, without user, query or fragment.",
    ),
]


@pytest.mark.parametrize(("name", "value", "sentence"), SENTENCES)
def test_a_wrong_setting_is_told_in_a_sentence_without_its_secret(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MATINEE_{name}", value)
    with pytest.raises(ValidationError) as refused:
        load_settings()
    assert foreseen(refused.value) == sentence
    assert "hush" not in sentence


def test_every_wrong_setting_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PORT", "hush")
    monkeypatch.setenv("MATINEE_LOG_LEVEL", "hush")
    with pytest.raises(ValidationError) as refused:
        load_settings()
    told = (foreseen(refused.value) or "").splitlines()
    assert sorted(line.partition(":")[0] for line in told) == ["MATINEE_LOG_LEVEL", "MATINEE_PORT"]


def test_a_file_of_settings_that_is_no_text_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("MATINEE_PORT=8001".encode("utf-16"))
    with pytest.raises(Invalid) as refused:
        load_settings()
    assert foreseen(refused.value) == f"{tmp_path / '.env'} is no text in UTF-8: save it as that."

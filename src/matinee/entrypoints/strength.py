"""Secrets that a person chose must be hard to guess wherever others can reach the house. Never shows one."""

import re
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from matinee.infra.cookies import is_this_machine
from matinee.kernel.errors import Invalid
from matinee.kernel.settings import Settings

log = structlog.get_logger(__name__)
LEAST_CHARACTERS = 32
LEAST_DIFFERENT = 10
_CHOSEN = ("secret", "media_key", "media_key_former")
# What examples and guides write where a secret belongs, and what people make of it.
_DEFAULTS = re.compile(
    r"change|secret|passw|example|default|matinee|media.?key|qwert|1234567|abcdefg", re.IGNORECASE
)


class WeakSecret(Invalid):
    """Only on a machine that nobody else reaches may a secret be weak."""

    code = "house.weak_secret"


def weakness(secret: str) -> str | None:
    """Why somebody could guess it; None for what looks random."""
    if len(secret) < LEAST_CHARACTERS:
        return f"it has less than {LEAST_CHARACTERS} characters"
    if len(set(secret)) < LEAST_DIFFERENT:
        return f"it is made of less than {LEAST_DIFFERENT} different characters"
    return "it is made of words that everybody knows" if _DEFAULTS.search(secret) else None


def weak_secrets(settings: Settings) -> list[str]:
    """A sentence for each secret of the settings that is too easy to guess."""
    chosen = [
        (name, value.get_secret_value())
        for concern in settings.all
        for name in _CHOSEN
        if isinstance(value := getattr(concern, name, None), SecretStr)
    ]
    return [
        f"MATINEE_{name.upper()} is too easy to guess: {why}. Make one with `openssl rand -hex 24`."
        for name, value in chosen
        if (why := weakness(value)) is not None
    ]


def refuse_weak(settings: Settings) -> None:
    """Raises `WeakSecret`, or says so in the log where only this machine reaches the house."""
    house = settings.house
    alone = is_this_machine(house.host) and is_this_machine(urlsplit(house.address).hostname or "")
    for sentence in weak_secrets(settings):
        if not alone or house.proxies:
            raise WeakSecret(sentence)
        log.warning("house.weak_secret", reason=sentence)

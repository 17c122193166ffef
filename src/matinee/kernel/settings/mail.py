"""Settings of what carries letters."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from matinee.kernel.settings.concern import Concern
from matinee.kernel.settings.loopback import is_loopback


class MailSettings(Concern):
    """How letters leave the house. Without mail the operator hands out links: `matinee account link`."""

    mail: SecretStr | None = Field(
        None,
        description="`none`, `console` (letters are shown on stderr), smtps://USER:PASSWORD@mail.example, "
        "smtp://USER:PASSWORD@mail.example (STARTTLS), or ses://KEY:SECRET@REGION (ses://REGION: the machine's role).",
    )
    mail_from: str = Field(
        "", description="Sender, such as Matinee <post@films.example>. SMTP and SES need one."
    )
    mail_allow_plain: bool = Field(
        False, description="Hand letters to another machine without TLS. Loopback needs no permission."
    )

    @property
    def carrier(self) -> "MailCarrier":
        line = "none" if self.mail is None else self.mail.get_secret_value()
        return _carrier(line, allow_plain=self.mail_allow_plain)

    @model_validator(mode="after")
    def _whole(self) -> "MailSettings":
        kind = self.carrier.kind
        if kind in ("smtp", "ses") and not re.fullmatch(
            r"([^<>\r\n]{0,100}<)?[^\s<>@]{1,64}@[^\s<>@]{1,190}>?", self.mail_from
        ):
            raise ValueError("MATINEE_MAIL needs MATINEE_MAIL_FROM, such as Matinee <post@films.example>")
        return self


@dataclass(frozen=True, slots=True)
class MailCarrier:
    """`tls`: from the first byte, after STARTTLS, or not at all. `host` of SES is its region."""

    kind: Literal["none", "console", "smtp", "ses"]
    host: str = ""
    port: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Literal["always", "starttls", "never"] = "always"


def _carrier(line: str, *, allow_plain: bool) -> MailCarrier:
    """Never repeats the line in an error: it holds a secret."""
    if line == "none":
        return MailCarrier("none")
    if line == "console":
        return MailCarrier("console")
    try:
        parts = urlsplit(line)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("MATINEE_MAIL cannot be read as an address") from None
    user, password = (unquote(word) if word else None for word in (parts.username, parts.password))
    if parts.scheme not in ("smtp", "smtps", "ses") or not host or parts.path.strip("/") or parts.fragment:
        raise ValueError("MATINEE_MAIL is none, console, smtps://USER:PASSWORD@host, smtp://… or ses://…")
    if bool(user) != bool(password):
        raise ValueError("MATINEE_MAIL names a user without a password, or the other way round")
    if parts.scheme == "ses":
        if not re.fullmatch(r"[a-z0-9-]{1,64}", host):
            raise ValueError("MATINEE_MAIL=ses://… names a region such as eu-central-1")
        return MailCarrier("ses", host, 443, user, password)
    if parts.scheme == "smtps":
        return MailCarrier("smtp", host, port or 465, user, password)
    plain = is_loopback(host) or (allow_plain and parse_qs(parts.query).get("tls") == ["never"])
    return MailCarrier(
        "smtp", host, port or (25 if plain else 587), user, password, "never" if plain else "starttls"
    )

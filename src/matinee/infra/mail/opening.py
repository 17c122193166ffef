"""Chooses the way out by the settings: the one place that knows all of them."""

from matinee.infra.mail.console import ConsoleMailer, NoMailer
from matinee.infra.mail.port import Mailer
from matinee.kernel.settings import MailSettings


def open_mailer(knobs: MailSettings) -> Mailer:
    """Talks to nobody: `check` does."""
    carrier = knobs.carrier
    if carrier.kind == "smtp":
        from matinee.infra.mail.smtp import SmtpMailer  # only who sends waits for the client to load

        return SmtpMailer(carrier, knobs.mail_from)
    if carrier.kind == "ses":
        from matinee.infra.mail.ses import SesMailer

        return SesMailer(carrier, knobs.mail_from)
    return ConsoleMailer() if carrier.kind == "console" else NoMailer()


def place_of(knobs: MailSettings) -> str:
    """Which way letters go, for people. Never tells user or password."""
    carrier = knobs.carrier
    if carrier.kind == "smtp":
        return f"{carrier.host}:{carrier.port} {'without TLS' if carrier.tls == 'never' else 'with TLS'}"
    if carrier.kind == "ses":
        return f"Amazon SES ({carrier.host})"
    return "shown on the terminal" if carrier.kind == "console" else "no mail"

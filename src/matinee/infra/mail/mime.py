"""A letter as the bytes that mail servers pass on (RFC 5322, 2045, 8058)."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from matinee.infra.mail.port import Letter
from matinee.kernel.time import utc_now


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """Text and HTML side by side. Machines are told that no person wrote it, so that no holiday notice answers."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = f"<{letter.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message

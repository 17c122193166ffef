"""Letters by SMTP (RFC 5321), with TLS from the first byte or after STARTTLS, certificates checked."""

import asyncio
import ssl

import aiosmtplib

from matinee.infra.mail.mime import message_of
from matinee.infra.mail.port import Letter, LetterRefused
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import MailCarrier

ANSWER_S = 20.0


class SmtpMailer:
    """One connection for each letter: letters are few, and servers end idle lines. `trusted` replaces the
    machine's authorities."""

    can_send = True

    def __init__(self, carrier: MailCarrier, sender: str, *, trusted: ssl.SSLContext | None = None) -> None:
        self._carrier = carrier
        self._sender = sender
        self._trusted = trusted

    async def send(self, letter: Letter) -> None:
        message = message_of(letter, self._sender)
        client = await self._connected()
        try:
            await client.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _meaning(error.recipients[0].code) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _meaning(error.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _away(error) from None
        finally:
            await _ended(client)

    async def check(self) -> None:
        await _ended(await self._connected())

    async def _connected(self) -> aiosmtplib.SMTP:
        carrier = self._carrier
        client = aiosmtplib.SMTP(
            hostname=carrier.host,
            port=carrier.port,
            username=carrier.user,
            password=carrier.password,
            use_tls=carrier.tls == "always",
            start_tls=carrier.tls == "starttls",
            tls_context=self._trusted or (None if carrier.tls == "never" else ssl.create_default_context()),
            timeout=ANSWER_S,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError:
            raise Unavailable("The mail server takes neither this user nor this password.") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _away(error) from None
        return client


async def _ended(client: aiosmtplib.SMTP) -> None:
    try:
        async with asyncio.timeout(2):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):  # the letter is delivered or refused by now
        client.close()


def _meaning(code: int) -> Exception:
    """4xx is for now and 5xx for ever, but for 530 and 535: those are about us and not about the letter."""
    if 500 <= code < 600 and code not in (530, 534, 535, 538):
        return LetterRefused(f"The mail server refuses this letter ({code}).")
    return Unavailable(f"The mail server takes no letter now ({code}).")


def _away(error: Exception) -> Unavailable:
    if isinstance(error.__cause__ or error, ssl.SSLCertVerificationError):
        return Unavailable("The mail server's certificate is not to be trusted.")
    return Unavailable(f"The mail server cannot be reached ({type(error).__name__}).")

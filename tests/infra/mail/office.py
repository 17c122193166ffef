"""A real SMTP server: what it was handed, and how it answers."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword


@dataclass
class Office:
    """`says` replaces what the server answers to a letter."""

    port: int = 0
    says: str = "250 taken"
    letters: list[EmailMessage] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.says.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.letters.append(message_from_bytes(content, policy=default))
            self.secured.append(server.transport.get_extra_info("sslcontext") is not None)
        return self.says


def _who(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"house", b"s3:cr/t@")
    return AuthResult(success=right, handled=False)


@contextlib.asynccontextmanager
async def opened(
    *, tls: str = "never", authority: trustme.CA | None = None, sign_in: bool = False
) -> AsyncIterator[Office]:
    """`tls` as in the settings; with `sign_in` only `house` may hand letters over."""
    office = Office()
    context: ssl.SSLContext | None = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
    loop = asyncio.get_running_loop()

    def line() -> SMTP:
        return SMTP(
            office,
            hostname="localhost",
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=_who if sign_in else None,
            auth_required=sign_in,
            loop=loop,
        )

    server = await loop.create_server(line, "127.0.0.1", 0, ssl=context if tls == "always" else None)
    try:
        office.port = server.sockets[0].getsockname()[1]
        yield office
    finally:
        server.close()

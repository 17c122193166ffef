"""Letters by Amazon SES, version 2 of its API: `SendEmail` with the raw message."""

import base64
import json
from email.utils import parseaddr

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from matinee.infra.aws import Keys
from matinee.infra.mail.mime import message_of
from matinee.infra.mail.port import Letter, LetterRefused
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import MailCarrier

ANSWER_S = 20.0
# What is about the letter; all else is about us, or about the moment.
_FOR_EVER = {"MessageRejected", "BadRequestException"}


class SesMailer:
    """`endpoint` replaces Amazon's, for tests."""

    can_send = True

    def __init__(self, carrier: MailCarrier, sender: str, *, endpoint: str | None = None) -> None:
        self._region = carrier.host
        self._sender = sender
        self._endpoint = endpoint or f"https://email.{carrier.host}.amazonaws.com"
        self._keys = Keys(
            carrier.user,
            carrier.password,
            of_what="the mail service",
            lacking="Nobody gave a key for the mail service: set MATINEE_MAIL=ses://KEY:SECRET@REGION.",
        )

    async def send(self, letter: Letter) -> None:
        raw = base64.b64encode(bytes(message_of(letter, self._sender))).decode()
        body = {
            "FromEmailAddress": parseaddr(self._sender)[1],
            "Destination": {"ToAddresses": [letter.to]},
            "Content": {"Raw": {"Data": raw}},
        }
        await self._ask("POST", "/v2/email/outbound-emails", json.dumps(body).encode())

    async def check(self) -> None:
        await self._ask("GET", "/v2/email/account", b"")

    async def _ask(self, method: str, path: str, body: bytes) -> None:
        request = AWSRequest(method, self._endpoint + path, data=body)
        request.headers["Content-Type"] = "application/json"
        SigV4Auth(await self._keys.now(), "ses", self._region).add_auth(request)
        try:
            async with httpx.AsyncClient(timeout=ANSWER_S, follow_redirects=False) as client:
                answer = await client.request(
                    method, request.url, content=body, headers=dict(request.headers)
                )
        except httpx.HTTPError as error:
            raise Unavailable(f"The mail service cannot be reached ({type(error).__name__}).") from None
        if answer.is_success:
            return
        kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
        if kind in _FOR_EVER:
            raise LetterRefused(f"The mail service refuses this letter ({kind}).")
        raise Unavailable(f"The mail service answers {answer.status_code} {kind}".rstrip() + ".")

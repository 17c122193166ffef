"""Letters without a mail server: shown where the house was started, or not sent at all."""

import sys

from matinee.infra.mail.port import Letter
from matinee.kernel.errors import Unavailable


class ConsoleMailer:
    """For a house on one's own desk: links in letters can be followed from the terminal."""

    can_send = True

    async def send(self, letter: Letter) -> None:
        lines = [f"To: {letter.to}", f"Subject: {letter.subject}", "", letter.text.rstrip()]
        print(
            "\n".join(["", *(f"  | {line}" for line in "\n".join(lines).splitlines()), ""]), file=sys.stderr
        )

    async def check(self) -> None:
        return


class NoMailer:
    """Who asks `can_send` first never meets the refusal."""

    can_send = False

    async def send(self, letter: Letter) -> None:
        raise Unavailable("This house sends no mail: set MATINEE_MAIL.")

    async def check(self) -> None:
        return

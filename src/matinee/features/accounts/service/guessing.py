"""How many wrong passwords one account takes in an hour, wherever they come from. Never keeps its owner out.

Those from a device and network where its owner was signed in lately are counted apart: strangers use up a share of
their own, and the owner goes on; at a new place there are a passkey and a letter, whose link makes the place known. A
name that nobody has is counted alike. To strangers the two names of an account, handle and address, count apart, so
that no answer tells that they belong together. That makes four shares with what is asked once more inside a session. An
hour begins with its first try: whichever hour one looks at, parts of two lie in it, and 96 tries at most. A link that
is followed begins the share of known places anew.
"""

from uuid import UUID

from matinee.features.accounts.errors import SlowDown
from matinee.features.accounts.rules import throttle_key
from matinee.features.accounts.service import notices, throttle
from matinee.infra.work import Work

AN_HOUR = 12
HOUR_S = 3600.0
_NOBODY = UUID(int=0)


async def count(work: Work, login: str, account_id: UUID | None, *, address: str, agent: str) -> bytes:
    """One more try, before it is made; what names it, to be taken back if it is right. Raises `SlowDown`."""
    # For nobody, too: it takes as long.
    known = await notices.is_known(work, account_id or _NOBODY, address=address, agent=agent)
    key = _of_known(account_id) if known else throttle_key("passwords of an hour", "elsewhere", login)
    link = "by a letter" if work.mailer.can_send else "by a link that the operator gives you"
    await _count(
        work,
        key,
        f"Too many wrong passwords for this name. Sign in with a passkey, choose another password {link}, or come from"
        " a device and network where you are signed in.",
    )
    return key


async def count_again(work: Work, account_id: UUID) -> bytes:
    """As `count`, for the password that is asked once more inside a session."""
    key = throttle_key("passwords of an hour", "again", str(account_id))
    await _count(work, key, "Too many wrong passwords. Use a code or a passkey, or wait an hour.")
    return key


async def begin_anew(work: Work, account_id: UUID, *, address: str, agent: str) -> None:
    """Whoever owns the account chose another password here, by a link: it counts here, whatever others tried."""
    await notices.note_link(work, account_id, address=address, agent=agent)
    await throttle.forgive(work, _of_known(account_id))


def _of_known(account_id: UUID | None) -> bytes:
    return throttle_key("passwords of an hour", "known", str(account_id))


async def _count(work: Work, key: bytes, sentence: str) -> None:
    try:
        await throttle.count(work, key, most=AN_HOUR, window_s=HOUR_S)
    except SlowDown as error:
        raise SlowDown(sentence, **error.facts) from None

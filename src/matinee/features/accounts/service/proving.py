"""Proving once more who one is: by the password, a code or a passkey. The session then counts as proven anew."""

from matinee.features.accounts.errors import BrowserOnly
from matinee.features.accounts.schemas import PasskeyOptions, ProofGiven
from matinee.features.accounts.service import access, audit, factors, passkeys, sessions
from matinee.infra.cookies import Cookie
from matinee.infra.work import Work
from matinee.kernel.errors import Invalid


async def prove_options(work: Work) -> PasskeyOptions:
    """To show a passkey of the actor."""
    return await passkeys.options(work, "prove", _session(work), account_id=work.actor.owner(), verified=True)


async def prove(work: Work, given: ProofGiven, *, address: str, agent: str = "") -> Cookie:
    """The next access token of this browser, which says that its person showed who they are. Raises `WrongPassword`,
    `WrongCode`, `PasskeyRefused`, `ChallengeOver` and `SlowDown`."""
    account_id, session = work.actor.owner(), _session(work)
    if given.password is not None:
        await access.confirm(work, given.password.get_secret_value(), field="password")
        proof = "password"
    elif given.code is not None:
        await factors.check_code(work, account_id, given.code, address=address, agent=agent)
        proof = "code"
    elif given.credential is not None:
        await factors.check_passkey(
            work, "prove", session, given.credential, account_id=account_id, address=address, agent=agent
        )
        proof = "passkey"
    else:
        raise Invalid("Send a password, a code or a passkey.")
    cookie = await sessions.prove_session(work)
    await audit.record(work, "session.proven", about=account_id, proof=proof)
    return cookie


def _session(work: Work) -> str:
    if work.actor.via != "session" or work.actor.session_key is None:
        raise BrowserOnly("Do this in a browser where you are signed in; a program cannot.")
    return work.actor.session_key

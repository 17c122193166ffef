"""Joining, “me” and public faces. Never holds a credential."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import BadEmail, FactorDue, LoginNameTaken
from matinee.features.admission import service as admission
from matinee.features.admission.errors import Waits
from matinee.features.admission.schemas import Brought
from matinee.features.files import service as files
from matinee.features.people import repository, rules
from matinee.features.people.errors import HandleChangedOften, HandleMoved, HandleTaken, ProfileNotFound
from matinee.features.people.models import ProfileRow
from matinee.features.people.schemas import Limits, Me, MyAccount, Profile, Quota
from matinee.features.people.settings import PeopleSettings
from matinee.infra.room import Told
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, ProfileId, new_id

CHANGES_WINDOW = timedelta(days=30)
TOLD = (
    Told(
        file="profile.json",
        about="What everybody may see of you.",
        tables=("people_profile",),
        seen_by="everybody",
        fields={
            "id": "The profile's id.",
            "handle": "Your name in addresses.",
            "display_name": "Your name as it is shown.",
            "bio": "What you wrote about yourself.",
            "created_at": "When it was made.",
            "handle_changes": "When you last changed your handle.",
        },
    ),
    Told(
        file="former_handles.ndjson",
        about="Handles that you gave up and that lead to you.",
        tables=("people_former_handle",),
        seen_by="everybody",
        fields={
            "handle": "The old one.",
            "left_at": "When you gave it up.",
            "kept_until": "Until when it leads to you and is nobody else's.",
        },
    ),
)


async def join(
    work: Work,
    password: str,
    handle: str,
    display_name: str,
    *,
    address: str,
    agent: str = "",
    email: str | None = None,
    token: str | None = None,
    brought: Brought | None = None,
    answer: str = "",
) -> accounts.SignedIn:
    """An account with its profile and a first session, for a stranger whom `admission` lets in: by the `token` of a
    letter, or with an `email` where the house sends no letters. Raises what `admission.admit` does."""
    handle = rules.normalise_handle(handle)
    rules.check_free(handle)
    name = rules.normalise_name(display_name)
    if await repository.by_handle(work.session, handle) is not None:
        raise HandleTaken(field="handle")
    await _check_kept(work, handle)
    words = (handle, name)
    letter = None if token is None else await accounts.join_letter(work, token, address=address)
    door = await admission.admit(work, brought or Brought(), answer=answer, letter=letter)
    if letter is not None:
        account = await accounts.join(work, letter, password, words=words, waits=door.waits)
    elif email is not None:
        account = await accounts.sign_up(
            work, email, password, address=address, words=words, waits=door.waits
        )
    else:
        raise BadEmail(field="email")
    account_id = account.id
    await create(work, account_id, handle, name, hidden=door.waits)
    await admission.settle(work, account_id, door)
    return await accounts.open_session(work, account_id, address=address, agent=agent)


async def create(
    work: Work, account_id: AccountId, handle: str, display_name: str, *, hidden: bool = False
) -> Profile:
    """The profile of a new account; the house itself may take reserved handles. `hidden`: nobody finds it yet. Raises
    `BadHandle`, `HandleReserved`, `HandleTaken` and `BadName`."""
    handle = rules.normalise_handle(handle)
    if not work.actor.is_system:
        rules.check_free(handle)
    name = rules.normalise_name(display_name)
    added = await repository.add(
        work.session,
        id=ProfileId(new_id()),
        account_id=account_id,
        handle=handle,
        display_name=name,
        now=work.now,
        hidden=hidden,
    )
    if not added:
        raise HandleTaken(field="handle")
    await _check_kept(work, handle, but=account_id)
    await _push_login_name(work, account_id, handle)
    await accounts.set_shown_name(work, account_id, name)
    return await profile_of(work, account_id)


async def change(
    work: Work, *, handle: str | None = None, display_name: str | None = None, bio: str | None = None
) -> Profile:
    """The actor's own profile; None leaves a part as it is. Raises `HandleChangedOften`, and what `rename` does."""
    account_id = work.actor.owner()
    row = await repository.of(work.session, account_id)
    if row is None:
        raise ProfileNotFound
    if display_name is not None:
        row.display_name = rules.normalise_name(display_name)
        await accounts.set_shown_name(work, account_id, row.display_name)
    if bio is not None:
        row.bio = rules.normalise_bio(bio)
    if handle is not None and rules.normalise_handle(handle) != row.handle:
        _check_often(work, row)
        await rename(work, account_id, handle)
    return await profile_of(work, account_id)


async def rename(work: Work, account_id: AccountId, handle: str) -> Profile:
    """Another handle for an account; the old one leads to it for a while and is nobody else's. Asks nobody's leave.
    Raises `BadHandle`, `HandleReserved` and `HandleTaken`."""
    await repository.lock_renames(work.session)
    row = await repository.of(work.session, account_id)
    if row is None:
        raise ProfileNotFound
    wanted, before = rules.normalise_handle(handle), row.handle
    if wanted == before:
        return _profile(row)
    rules.check_free(wanted)
    if not await repository.set_handle(work.session, account_id, wanted):
        raise HandleTaken(field="handle")
    # The change above waited for whoever was just giving the handle up: only now is it seen whose it was.
    await _check_kept(work, wanted, but=account_id)
    row.handle_changes = [at for at in row.handle_changes if at > work.now - CHANGES_WINDOW] + [work.now]
    if days := work.settings(PeopleSettings).handle_kept_days:
        until = work.now + timedelta(days=days)
        await repository.keep_handle(work.session, before, row.id, work.now, until)
    await _push_login_name(work, account_id, wanted)
    await accounts.audit.record(
        work, "handle.changed", about=account_id, words={"before": before, "after": wanted}
    )
    return await profile_of(work, account_id)


async def follow_presence(work: Work, account_id: AccountId) -> None:
    """Nobody finds the page of who is leaving, until they stay, or of who waits, until they are let in."""
    row = await repository.of(work.session, account_id)
    if row is not None:
        row.hidden = await accounts.is_leaving(work, account_id) or await accounts.waits(work, account_id)


async def free_handles(work: Work) -> None:
    """Forget old handles that are kept for nobody any more."""
    await repository.free_handles(work.session, work.now)


async def get_by_handle(work: Work, handle: str) -> Profile:
    """In any case of letters. Raises `ProfileNotFound`, also for what cannot be a handle, and `HandleMoved`."""
    wanted = handle.removeprefix("@").lower()
    row = await repository.by_handle(work.session, wanted) if rules.HANDLE.fullmatch(wanted) else None
    if row is not None:
        if row.hidden:
            raise ProfileNotFound
        return _profile(row)
    raise HandleMoved(handle=(await profile_of(work, await account_of(work, wanted))).handle)


async def account_of(work: Work, handle: str) -> AccountId:
    """Whose profile this is, or was lately. Raises `ProfileNotFound`."""
    wanted = handle.removeprefix("@").lower()
    if not rules.HANDLE.fullmatch(wanted):
        raise ProfileNotFound
    row = await repository.by_handle(work.session, wanted)
    if row is None and (kept := await repository.kept_for(work.session, wanted, work.now)) is not None:
        row = await repository.of(work.session, kept)
    if row is None or row.hidden:
        raise ProfileNotFound
    return AccountId(row.account_id)


async def profile_of(work: Work, account_id: AccountId) -> Profile:
    """Raises `ProfileNotFound` when the account has none."""
    row = await repository.of(work.session, account_id)
    if row is None:
        raise ProfileNotFound
    return _profile(row)


async def profiles_of(work: Work, account_ids: Iterable[AccountId]) -> dict[AccountId, Profile]:
    """Those that exist, in one query."""
    wanted = list(dict.fromkeys(account_ids))
    rows = await repository.of_many(work.session, wanted) if wanted else ()
    return {AccountId(row.account_id): _profile(row) for row in rows}


async def me(work: Work) -> Me:
    """The actor with what the house grants them; to a token, address and roles where its scopes hold the account."""
    most, doors = files.limits(work), await admission.doors(work)
    answer = Me(
        account=None,
        profile=None,
        quota=None,
        limits=Limits(
            max_upload_bytes=most.max_upload_bytes,
            max_duration_s=most.max_duration_s,
            handle_kept_days=work.settings(PeopleSettings).handle_kept_days,
            leaving_days=work.settings(accounts.LeavingSettings).leaving_days,
        ),
        signup=doors.mode,
        signup_work=doors.work,
        signup_question=doors.question,
        mail=work.mailer.can_send,
        theme="system",
        looking=None,
    )
    account_id = work.actor.account_id
    account = None if account_id is None else await accounts.get(work, account_id)
    if account_id is None or account is None:
        return answer
    row = await repository.of(work.session, account_id)
    usage = await files.usage(work, account_id)
    whole = work.actor.scopes is None or "account" in work.actor.scopes
    asks = whole and work.mailer.can_send
    return answer.model_copy(
        update={
            "account": MyAccount(
                id=account.id,
                email=account.email if whole else None,
                roles=account.roles if whole else [],
                permissions=sorted(work.actor.permissions),
                email_verified=account.email_verified_at is not None if whole else None,
                wanted_email=await accounts.wanted_email(work, account_id) if asks else None,
                factor_due=isinstance(work.actor.held_back, FactorDue),
                waits=isinstance(work.actor.held_back, Waits),
                standing=await accounts.own_standing(work, account_id),
                created_at=account.created_at,
            ),
            "profile": None if row is None else _profile(row),
            "quota": Quota(used_bytes=usage.used_bytes, limit_bytes=usage.limit_bytes),
            "theme": account.theme,
            "looking": await accounts.looks_until(work),
        }
    )


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, dict[str, object]]]:
    """The profile as the house keeps it."""
    row = await repository.of(work.session, account_id)
    if row is None:
        return
    changes = [at.isoformat() for at in row.handle_changes]
    yield "profile.json", _profile(row).model_dump(mode="json") | {"handle_changes": changes}
    for former in await repository.former_of(work.session, account_id):
        moments = {"left_at": former.left_at.isoformat(), "kept_until": former.kept_until.isoformat()}
        yield "former_handles.ndjson", {"handle": former.handle, **moments}


async def erase(work: Work, account_id: AccountId) -> bool:
    """Remove the profile and the name to sign in with."""
    await accounts.set_login_name(work, account_id, None)
    await repository.remove(work.session, account_id)
    return True


def _check_often(work: Work, row: ProfileRow) -> None:
    most = work.settings(PeopleSettings).handle_changes
    lately = sorted(at for at in row.handle_changes if at > work.now - CHANGES_WINDOW)
    if len(lately) >= most:
        until = (lately[-most] if most else work.now) + CHANGES_WINDOW
        raise HandleChangedOften(retry_after_s=round((until - work.now).total_seconds()), field="handle")


async def _check_kept(work: Work, handle: str, *, but: AccountId | None = None) -> None:
    """Raises `HandleTaken` for a handle that is kept for somebody other than `but`."""
    if await repository.kept_for(work.session, handle, work.now) not in (None, but):
        raise HandleTaken(field="handle")


async def _push_login_name(work: Work, account_id: AccountId, handle: str) -> None:
    try:
        await accounts.set_login_name(work, account_id, handle)
    except LoginNameTaken:
        raise HandleTaken(field="handle") from None


def _profile(row: ProfileRow) -> Profile:
    return Profile.model_validate(row, from_attributes=True)

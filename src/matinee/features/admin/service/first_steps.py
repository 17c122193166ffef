"""The first steps of who runs a new house: how each stands now, and what was skipped or put away.

Nothing is stored of a step that is done: each is looked at where it is kept. A house that was there before the steps
leads nobody to them.
"""

from matinee.features.accounts import service as accounts
from matinee.features.admin import repository, rules
from matinee.features.admin.schemas import Disk, FirstStep, FirstSteps, StepName
from matinee.features.admission import service as admission
from matinee.features.videos import service as videos
from matinee.infra.work import Work
from matinee.kernel.settings import HouseSettings


async def begin(work: Work) -> None:
    """The house is new. Idempotent."""
    row = await repository.keep_first_steps(work.session)
    row.begun_at = row.begun_at or work.now


async def look(work: Work) -> FirstSteps:
    """As they stand for the actor; for the house itself, as they stand for its first owner."""
    row = await repository.first_steps(work.session)
    whose = await accounts.first_owner(work) if work.actor.is_system else work.actor.owner()
    account = None if whose is None else await accounts.get(work, whose)
    ends_at = None if whose is None else await accounts.first_password_ends(work, whose)
    email = None if account is None else account.email
    named = email is not None and not accounts.is_stand_in(email)
    address = work.settings(HouseSettings).address
    backup_at = await accounts.last_backup_at(work)
    letter_at = None if row is None else row.letter_at
    mail = work.mailer.can_send
    states = rules.states(
        {
            "password": named and ends_at is None,
            "factor": whose is not None and await accounts.has_factor(work, whose),
            "address": address.startswith("https://"),
            "mail": mail and letter_at is not None,
            "doors": await admission.is_chosen(work),
            "backup": backup_at is not None,
            "film": sum((await videos.figures(work)).by_state.values()) > 0,
        },
        () if row is None else row.skipped,
    )
    begun, put_away = (
        (False, False) if row is None else (row.begun_at is not None, row.put_away_at is not None)
    )
    async with work.outside():
        space = await work.storage.free_bytes()
    return FirstSteps(
        open=rules.is_open(states, begun=begun, put_away=put_away),
        put_away=put_away,
        steps=[FirstStep(name=name, state=state) for name, state in states.items()],
        password_ends_at=ends_at,
        email_named=named,
        address=address,
        mail=mail,
        letter_at=letter_at,
        backup_at=backup_at,
        disk=None if space is None else Disk(free_bytes=space[0], total_bytes=space[1]),
    )


async def skip(work: Work, step: StepName, *, skipped: bool) -> FirstSteps:
    """Leave a step out, or take it up again. Idempotent."""
    row = await repository.keep_first_steps(work.session)
    if skipped != (step in row.skipped):
        kept = [one for one in row.skipped if one != step]
        row.skipped = [*kept, step] if skipped else kept
        await accounts.audit.record(work, "steps.skipped" if skipped else "steps.taken_up", step=step)
        await work.session.flush()
    return await look(work)


async def put_away(work: Work) -> None:
    """Nobody is led to the steps any more; their page still opens. Idempotent."""
    row = await repository.keep_first_steps(work.session)
    if row.put_away_at is None:
        row.put_away_at = work.now
        await accounts.audit.record(work, "steps.put_away")


async def send_trial(work: Work) -> FirstSteps:
    """A letter to the actor, to see whether letters leave. Raises what `accounts.send_trial` does."""
    await accounts.send_trial(work)
    (await repository.keep_first_steps(work.session)).letter_at = work.now
    await work.session.flush()
    return await look(work)

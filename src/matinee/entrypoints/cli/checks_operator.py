"""What is left for who runs the house, as its database knows it: first steps, and of
whom a second factor is asked.

Says nothing of the database where it is down or at another revision: other lines do.
"""

import asyncio
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from matinee.entrypoints.cli.finding import Finding
from matinee.entrypoints.parts import database_url, unopened
from matinee.features.accounts import service as accounts
from matinee.features.admin import service as admin
from matinee.features.admin.schemas import FirstSteps
from matinee.features.roles import service as roles
from matinee.kernel.errors import Invalid, Unavailable
from matinee.kernel.settings import Settings

_ANSWER_S = 10.0


def operator(settings: Settings) -> Iterator[Finding]:
    if settings.house.address.startswith("https://") and "admin" not in accounts.factor_roles(settings):
        yield Finding.warn(
            "second factors",
            "MATINEE_SECOND_FACTOR_ROLES asks no second factor of owners and admins: a password alone"
            " runs the house.",
            "Name admin in it, or leave it out.",
        )
    try:
        steps, unknown = asyncio.run(asyncio.wait_for(_look(settings), _ANSWER_S))
    except (Unavailable, SQLAlchemyError, OSError):  # the last is a time-out, too
        return
    left = [step.name for step in steps.steps if step.state == "todo"]
    if steps.open:
        yield Finding.warn(
            "first steps",
            f"{len(left)} left: {', '.join(left)}.",
            f"See {settings.house.address}/run/welcome.",
        )
    for role in unknown:
        yield Finding.warn(
            "roles",
            f"MATINEE_SECOND_FACTOR_ROLES names {role}, and there is no such role: nobody is asked because of it.",
            "Correct the name, or make the role with `matinee role make`.",
        )


async def _look(settings: Settings) -> tuple[FirstSteps, list[str]]:
    async with unopened(settings, database_url(settings)) as works, works.open(reading=True) as work:
        unknown = []
        for role in sorted(accounts.factor_roles(settings)):
            try:
                await roles.check_names(work, [role])
            except Invalid:
                unknown.append(role)
        return await admin.look(work), unknown

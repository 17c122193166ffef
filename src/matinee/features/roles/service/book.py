"""Which role holds what, in the memory of each process: no request asks the database.

A change is heard at once by the bus, and read every two seconds besides. Never decides who may change anything.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from matinee.features.roles import repository
from matinee.features.roles.models import RoleRow
from matinee.features.roles.rules.charter import Charter, Role
from matinee.infra.remembered import Remembered
from matinee.infra.room import Permission
from matinee.infra.work import Work, Works

_CHANNEL = "roles.changed"

Hearer = Callable[[frozenset[str]], None]


class Book:
    """One of each process: `work.works.held(Book)`."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self.charter = Charter({})
        self._memory = Remembered("roles-book", self._read)
        self._hearers: set[Hearer] = set()

    def declare(self, permissions: Iterable[Permission]) -> None:
        """All that there are, as the rooms name them: once, before anybody asks."""
        self.charter = Charter({one.name: one for one in permissions})

    async def believed(self) -> Charter:
        """As the database has it, a few seconds old at most. Raises what the database raises when it is silent for
        longer."""
        await self._memory.believed()
        return self.charter

    def hear(self, hearer: Hearer) -> None:
        """Call `hearer` with the names of the roles that hold something else now, in whatever process they changed."""
        self._hearers.add(hearer)

    def note_change(self, work: Work) -> None:
        """A role is made, changed or dropped with this transaction."""
        work.after_commit(self._memory.outdate)
        work.signal(_CHANNEL)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Hears and reads as long as the block runs."""
        stop_hearing = self._works.bus.hear(self._on_signal)
        try:
            async with self._memory.following():
                yield
        finally:
            stop_hearing()

    async def _read(self) -> None:
        async with self._works.open(reading=True) as work:
            charter = await current(work)
        before, self.charter = self.charter, charter
        changed = frozenset(
            name
            for name in before.roles.keys() | charter.roles.keys()
            if before.permissions_of({name}) != charter.permissions_of({name})
        )
        if changed:
            for hearer in tuple(self._hearers):
                hearer(changed)

    def _on_signal(self, channel: str) -> None:
        if channel == _CHANNEL:
            self._memory.outdate()


async def current(work: Work) -> Charter:
    """As this transaction sees it, for who decides on a change."""
    declared = work.works.held(Book).charter.permissions
    return Charter(declared, [role_of(row) for row in await repository.all_of(work.session)])


def role_of(row: RoleRow) -> Role:
    return Role(
        name=row.name,
        title=row.title,
        about=row.about,
        permissions=frozenset(row.permissions),
        built_in=False,
        factor_needed=row.factor_needed,
    )

"""Joins the slices of a part into one object: on the store's side where it can, else through this process, one slice
at a time. Never touches the slices.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from matinee.infra.storage.s3_multipart import MOST_PARTS, CannotCopy, Multipart, Part
from matinee.infra.storage.s3_objects import Objects
from matinee.infra.storage.s3_slices import Slice, to_the_end
from matinee.kernel.errors import MatineeError
from matinee.kernel.ids import new_id

_AT_ONCE = 8
_GROUP = 500
"""Slices of one intermediate object: with 8 MiB each it stays below the 5 GiB that one copy may have."""


class Joiner:
    """Remembers whether its store copies parts."""

    def __init__(
        self, objects: Objects, folder: str, *, most_parts: int = MOST_PARTS, group: int = _GROUP
    ) -> None:
        """Intermediate objects lie below `folder`; what a crash leaves there is for `tidy`."""
        self._objects = objects
        self._folder = folder
        self._most_parts = most_parts
        self._group = group
        self._copies = True

    async def join(self, multipart: Multipart, slices: Sequence[Slice], target: str) -> None:
        """Make `target` out of `slices`, whole or not at all. Raises `NotFound` when one of them is gone."""
        if len(slices) == 1:
            await self._objects.copy(slices[0].key, target, slices[0].size_bytes)
            return
        if self._copies and len(slices) > self._most_parts:
            await self._join_in_two_steps(multipart, slices, target)
            return
        upload_id = await multipart.create(target)
        try:
            parts = await self._parts(multipart, slices, target, upload_id)
            await multipart.complete(target, upload_id, parts)
        except BaseException:
            with contextlib.suppress(MatineeError):
                await to_the_end(multipart.abort(target, upload_id))
            raise

    async def _join_in_two_steps(self, multipart: Multipart, slices: Sequence[Slice], target: str) -> None:
        joined: list[Slice] = []
        try:
            for first in range(0, len(slices), self._group):
                group = slices[first : first + self._group]
                key = f"{self._folder}/{new_id()}"
                size_bytes = sum(piece.size_bytes for piece in group)
                joined.append(Slice(group[0].start, size_bytes, key, group[0].modified_at))
                await self.join(multipart, group, key)
            await self.join(multipart, joined, target)
        finally:
            with contextlib.suppress(MatineeError):
                await to_the_end(self._objects.delete(*(piece.key for piece in joined)))

    async def _parts(
        self, multipart: Multipart, slices: Sequence[Slice], target: str, upload_id: str
    ) -> list[Part]:
        if self._copies:
            try:
                return await self._copied(multipart, slices, target, upload_id)
            except CannotCopy:
                self._copies = False
        # Where one part of 8 MiB each would be too many, a part takes several.
        stride = -(-len(slices) // self._most_parts)
        return [
            await multipart.put_part(
                target, upload_id, number, await self._read(slices[first : first + stride])
            )
            for number, first in enumerate(range(0, len(slices), stride), start=1)
        ]

    async def _copied(
        self, multipart: Multipart, slices: Sequence[Slice], target: str, upload_id: str
    ) -> list[Part]:
        numbered = list(enumerate(slices, start=1))
        parts: list[Part] = []
        for first in range(0, len(numbered), _AT_ONCE):
            try:
                async with asyncio.TaskGroup() as group:
                    copying = [
                        group.create_task(multipart.copy_part(target, upload_id, number, piece.key))
                        for number, piece in numbered[first : first + _AT_ONCE]
                    ]
            except BaseExceptionGroup as failed:
                raise failed.exceptions[0] from None
            parts += [task.result() for task in copying]
        return parts

    async def _read(self, slices: Sequence[Slice]) -> bytes:
        return b"".join([chunk for piece in slices async for chunk in self._objects.read(piece.key)])

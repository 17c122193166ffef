"""One try to bring a file from its address: ask for what is missing, and pass it on to the reception.

Holds no transaction while bytes flow. Never waits between tries: `fetching` queues them.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta

from matinee.features.files import repository
from matinee.features.files.errors import (
    EmptyUpload,
    QuotaExceeded,
    UploadBroken,
    UploadLocked,
    UploadNotFound,
    UploadTooLarge,
)
from matinee.features.files.messages import StartFetches
from matinee.features.files.models import Fetch, Upload
from matinee.features.files.repository import fetches
from matinee.features.files.rules import Metadata, clean_name, part_key, size_in_words
from matinee.features.files.service.digest import RunningHash
from matinee.features.files.service.fetching import FETCHES, MAX_RESTARTS, fetcher_of, give_up, put_off
from matinee.features.files.service.quota import check_disk, free_quota, reserve
from matinee.features.files.service.reception import Reception, finish
from matinee.features.files.service.uploads import check_size, most_bytes
from matinee.features.files.settings import FilesSettings
from matinee.infra.fetch import Answer, Changed, NotFetched
from matinee.infra.work import Work, Works
from matinee.kernel.actor import SYSTEM
from matinee.kernel.errors import Conflict, Invalid, MatineeError, NotFound, Refused, Unavailable
from matinee.kernel.ids import AccountId, UploadId

STEP_BYTES = 64 << 20
"""Set aside at a time for a file whose size nobody knows."""

POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class _Plan:
    url: str
    offset: int
    total: int | None
    validator: str | None
    left_s: float
    subject: str


class _Feed:
    """The bytes of an answer as the reception takes them, never more than `allowed` before the next leave."""

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        self._chunks = chunks
        self._held = b""
        self.allowed = 0
        self.ended = False
        self.error: MatineeError | None = None

    async def more(self) -> bool:
        """Whether another byte comes. Raises what the answer raises."""
        while not self._held and not self.ended:
            try:
                self._held = await anext(self._chunks)
            except StopAsyncIteration:
                self.ended = True
            except MatineeError as error:
                self.ended, self.error = True, error
            except (
                BaseException
            ):  # a read that was cut off has lost its place: this is not the end of the file
                self.ended, self.error = True, NotFetched("The connection to the server broke.")
                raise
        if self.error is not None and not self._held:
            raise self.error
        return bool(self._held)

    async def receive(self) -> tuple[bytes, bool]:
        try:
            if not await self.more():
                return b"", False
        except MatineeError:
            raise ConnectionError from None
        piece, self._held = self._held[: self.allowed], self._held[self.allowed :]
        self.allowed -= len(piece)
        return piece, True


async def run_fetch(work: Work, upload_id: UploadId) -> None:
    """Bring what is missing. Ends with the file, another try later, or the end in words."""
    async with work.outside():
        await _Run(work.works, upload_id).run()


async def bury_fetch(work: Work, upload_id: UploadId) -> None:
    """The job has died too often."""
    await give_up(work, upload_id, "files.fetch_died", "The fetch broke down several times. Try it again.")


class _Run:
    def __init__(self, works: Works, upload_id: UploadId) -> None:
        self._works = works
        self._id = upload_id
        self._began_at = 0

    async def run(self) -> None:
        try:
            plan = await self._plan()
            if plan is None:
                return
            async with asyncio.timeout(plan.left_s):
                await self._once(plan)
        except (UploadNotFound, UploadLocked):
            return  # cancelled, or another worker is at it
        except TimeoutError:
            hours = self._works.settings.of(FilesSettings).import_max_h
            await self._give_up(
                "files.fetch_took_too_long", f"The file did not arrive within {hours:g} hours."
            )
        except Changed as error:
            await self._begin_anew(error.detail)
        except NotFetched as error:
            await self._put_off(error, error.facts.get("retry_after_s"))
        except (Conflict, Unavailable) as error:
            await self._put_off(error, None)
        except (Invalid, Refused, NotFound) as error:
            await self._give_up(error.code, error.detail)
        else:
            FETCHES.labels("done").inc()
            async with self._works.open(SYSTEM) as work:
                work.send(StartFetches())

    async def _plan(self) -> _Plan | None:
        """What is to be done, once nobody else writes; None when nothing is."""
        while True:
            async with self._works.open(SYSTEM) as work:
                row = await fetches.fetch(work.session, self._id)
                upload = await repository.upload(work.session, self._id)
                if row is None or upload is None or row.state != "running" or upload.state != "open":
                    return None
                hours = work.settings(FilesSettings).import_max_h
                left = (row.begun_at + timedelta(hours=hours) - work.now).total_seconds()
                url, validator = row.url, row.validator
                offset, size = upload.offset_bytes, upload.size_bytes
                sized, subject = upload.sized and size > 0, upload.subject
                leased = upload.lease_expires_at is not None and upload.lease_expires_at >= work.now
            if not leased:
                break
            await asyncio.sleep(POLL_S)
        if sized and offset == size:
            await self._finish()
            return None
        held = min(offset, await self._works.storage.append_size(part_key(self._id)))
        return _Plan(url, held, size if sized else None, validator, max(0.0, left), subject)

    async def _once(self, plan: _Plan) -> None:
        fetcher = fetcher_of(self._works.settings)
        async with (
            fetcher.open(plan.url, start_bytes=plan.offset, validator=plan.validator) as answer,
            contextlib.aclosing(answer.chunks),
        ):
            if answer.start_bytes and plan.total and answer.total_bytes not in (None, plan.total):
                raise Changed
            if answer.start_bytes and answer.total_bytes is not None and answer.total_bytes <= plan.offset:
                raise Changed
            total = answer.total_bytes or (plan.total if answer.start_bytes else None)
            offset = answer.start_bytes
            size = await self._begin(answer, total, plan)
            self._began_at = offset
            feed, digest = _Feed(answer.chunks), RunningHash()
            while True:
                feed.allowed = size - offset
                with contextlib.suppress(UploadBroken):
                    reception = Reception(self._works, self._id, size, signal=plan.subject, digest=digest)
                    await reception.run(offset, feed.receive)
                offset = await self._progressed()
                if total is not None and offset == total:
                    return
                if not await feed.more():
                    if total is not None:
                        raise NotFetched("The server ended before the end of the file.")
                    await self._complete(offset, digest.of_all(offset))
                    return
                if total is not None or offset < size:
                    raise NotFetched("The connection to the server broke.")
                size = await self._grow(offset)

    async def _begin(self, answer: Answer, total: int | None, plan: _Plan) -> int:
        """Set room aside for what comes; refuse what does not fit. Returns up to where may be written."""
        async with self._works.open(SYSTEM) as work:
            row, upload = await self._rows(work)
            if answer.start_bytes == 0 and upload.offset_bytes:
                if plan.offset:
                    row.restarts += 1
                    if row.restarts > MAX_RESTARTS:
                        raise Invalid(
                            "The server cannot go on in the middle of this file, and broke off too often."
                        )
                upload.offset_bytes = 0
            row.validator = answer.validator
            if answer.filename:
                upload.filename = clean_name(answer.filename)
            upload.sized = total is not None
            if total is not None:
                check_size(total, await self._most(work, upload))
                if total > upload.size_bytes:
                    await reserve(work, AccountId(upload.owner_id), total - upload.size_bytes)
                await check_disk(work, total - answer.start_bytes)
                upload.size_bytes = total
                return total
            await check_disk(work, STEP_BYTES)
            return await self._set_aside(work, upload, answer.start_bytes)

    async def _grow(self, offset: int) -> int:
        async with self._works.open(SYSTEM) as work:
            await check_disk(work, STEP_BYTES)
            _, upload = await self._rows(work)
            return await self._set_aside(work, upload, offset)

    async def _set_aside(self, work: Work, upload: Upload, offset: int) -> int:
        """Room for the next bytes of a file of unknown size; less where quota or limit are near."""
        most = await self._most(work, upload)
        if offset >= most:
            raise UploadTooLarge(f"This file is larger than the {size_in_words(most)} that are allowed.")
        owner_id = AccountId(upload.owner_id)
        fits = await free_quota(work, owner_id) + upload.size_bytes
        if offset >= fits:
            raise QuotaExceeded(
                f"Your storage became full after {size_in_words(offset)} of this file. Delete something first."
            )
        upload.size_bytes = min(offset + STEP_BYTES, most, fits)
        return upload.size_bytes

    async def _complete(self, offset: int, sha256: str | None) -> None:
        """The end of a file of unknown size has come."""
        if offset == 0:
            raise EmptyUpload
        async with self._works.open(SYSTEM) as work:
            _, upload = await self._rows(work)
            upload.size_bytes, upload.sized = offset, True
        await self._finish(sha256)

    async def _finish(self, sha256: str | None = None) -> None:
        if not await finish(self._works, self._id, sha256):
            raise NotFetched("The disk lost bytes of the file.")

    async def _progressed(self) -> int:
        """The durable bytes."""
        async with self._works.open(SYSTEM) as work:
            upload = await repository.upload(work.session, self._id)
            if upload is None:
                raise UploadNotFound
            return upload.offset_bytes

    async def _rows(self, work: Work) -> tuple[Fetch, Upload]:
        row = await fetches.fetch(work.session, self._id, lock=True)
        upload = await repository.upload(work.session, self._id, lock=True)
        if row is None or upload is None or row.state != "running":
            raise UploadNotFound
        return row, upload

    async def _most(self, work: Work, upload: Upload) -> int:
        about = Metadata(upload.purpose, upload.subject, upload.filename, "", "")
        return await most_bytes(work, AccountId(upload.owner_id), about)

    async def _begin_anew(self, sentence: str) -> None:
        async with self._works.open(SYSTEM) as work:
            row = await fetches.fetch(work.session, self._id, lock=True)
            if row is None:
                return
            row.validator = None
            row.restarts += 1
            spent = row.restarts > MAX_RESTARTS
        if spent:
            await self._give_up(Changed.code, f"{sentence} It changed too often.")
        else:
            await self._put_off(Changed(sentence), None)

    async def _put_off(self, error: MatineeError, wait_s: float | None) -> None:
        async with self._works.open(SYSTEM) as work:
            row = await fetches.fetch(work.session, self._id, lock=True)
            upload = await repository.upload(work.session, self._id)
            if row is not None and upload is not None and upload.offset_bytes > self._began_at:
                row.failures = 0  # new bytes came: it goes on
            await put_off(work, self._id, error.code, error.detail, wait_s)

    async def _give_up(self, code: str, sentence: str) -> None:
        async with self._works.open(SYSTEM) as work:
            await give_up(work, self._id, code, sentence)

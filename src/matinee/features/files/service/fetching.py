"""Files that the house brings from an address: begun, queued fairly, tried again, given up in words.

The bytes go through the same reception, quota and limits as an upload's, and go on from the last durable one after
any death. Never reaches out itself: `fetch_run` does, through `infra.fetch`.
"""

from datetime import timedelta

from prometheus_client import Counter

from matinee.features.files import repository
from matinee.features.files.errors import FetchesOff, NotExpected, TooManyFetches
from matinee.features.files.messages import FetchFailed, RunFetch, StartFetches
from matinee.features.files.models import Fetch
from matinee.features.files.repository import fetches
from matinee.features.files.rules import Metadata, clean_name
from matinee.features.files.schemas import FetchFailure
from matinee.features.files.service.uploads import new_upload
from matinee.features.files.settings import FilesSettings
from matinee.infra.fetch import Fetcher, name_of
from matinee.infra.reach import Hosts, Ports, parse_networks
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, UploadId
from matinee.kernel.settings import Settings

MAX_FAILURES = 7
MAX_RESTARTS = 5
MAX_UNFINISHED = 500
FIRST_PAUSE_S = 2.0
BATCH = 100
SILENT = timedelta(minutes=5)
FETCHES = Counter(
    "matinee_fetches_total", "Files fetched from addresses, by how it ended.", ["outcome"], registry=REGISTRY
)


def fetcher_of(settings: Settings) -> Fetcher:
    """What reaches as far as the settings allow."""
    knobs = settings.of(FilesSettings)
    return Fetcher(
        ports=Ports.parse(knobs.import_ports),
        networks=parse_networks(knobs.import_networks),
        hosts=Hosts.parse(knobs.import_hosts),
        least_bytes_per_s=knobs.import_least_bytes_per_s,
    )


def check_address(work: Work, url: str) -> str:
    """The name of the file at `url`, as far as the address tells. Raises `AddressRefused` for what can be refused
    without asking anybody, `FetchesOff`."""
    if work.settings(FilesSettings).imports_at_once == 0:
        raise FetchesOff
    return clean_name(name_of(str(fetcher_of(work.works.settings).check(url))))


async def fetch(work: Work, owner_id: AccountId, purpose: str, subject: str, url: str) -> UploadId:
    """Let the house bring the file that (`purpose`, `subject`) waits for from `url`. One that failed before goes on
    with the bytes it holds. Raises as `check_address`, `NotExpected`, `TooManyFetches`."""
    filename = check_address(work, url)
    if await repository.expectation(work.session, owner_id, purpose, subject) is None:
        raise NotExpected
    await repository.lock_quota(work.session, owner_id)
    if await fetches.unfinished(work.session, owner_id) >= MAX_UNFINISHED:
        raise TooManyFetches(retry_after_s=600)
    known = await fetches.fetch_for(work.session, subject, purpose)
    if known is not None and known.url == url:
        if known.state == "failed":
            known.state, known.failures, known.restarts = "waiting", 0, 0
            known.trouble_code = known.trouble = None
            known.not_before = known.begun_at = work.now
            work.send(StartFetches())
        return UploadId(known.upload_id)
    upload = new_upload(work, owner_id, Metadata(purpose, subject, filename, "", ""), 0)
    upload.kind, upload.sized = "fetch", False
    work.session.add(upload)
    await work.session.flush()
    work.session.add(
        Fetch(
            upload_id=upload.id,
            owner_id=owner_id,
            url=url,
            state="waiting",
            validator=None,
            failures=0,
            restarts=0,
            trouble_code=None,
            trouble=None,
            not_before=work.now,
            begun_at=work.now,
        )
    )
    await work.session.flush()
    work.send(StartFetches())
    return UploadId(upload.id)


async def start_fetches(work: Work) -> None:
    """Let waiting fetches run, oldest first, as many side by side as the settings allow. One order at a time."""
    knobs = work.settings(FilesSettings)
    running = await fetches.running(work.session)
    free = knobs.imports_at_once - sum(running.values())
    if free <= 0:
        return
    for row in await fetches.due(work.session, work.now, knobs.imports_each, BATCH):
        if free > 0 and running.get(row.owner_id, 0) < knobs.imports_each:
            row.state, row.not_before = "running", work.now
            running[row.owner_id] = running.get(row.owner_id, 0) + 1
            free -= 1
            work.send(RunFetch(upload_id=UploadId(row.upload_id)))


async def wake_fetches(work: Work) -> None:
    """Start what is due, and what should run but shows no life: its job was cancelled or lost."""
    if await fetches.due(work.session, work.now, 1, 1):
        work.send(StartFetches())
    for row in await fetches.silent(work.session, work.now, SILENT, BATCH):
        row.not_before = work.now
        work.send(RunFetch(upload_id=UploadId(row.upload_id)))


async def put_off(work: Work, upload_id: UploadId, code: str, sentence: str, wait_s: float | None) -> None:
    """A try went wrong in a way that another may not. After too many without a new byte it is the end."""
    row = await fetches.fetch(work.session, upload_id, lock=True)
    if row is None or row.state != "running":
        return
    row.failures += 1
    if row.failures > MAX_FAILURES:
        await give_up(work, upload_id, code, f"{sentence} It was tried {row.failures} times.")
        return
    pause_s = max(FIRST_PAUSE_S * 2 ** (row.failures - 1), wait_s or 0.0)
    row.state, row.trouble_code, row.trouble = "waiting", code, sentence
    row.not_before = work.now + timedelta(seconds=pause_s)
    upload = await repository.upload(work.session, upload_id)
    if upload is not None:
        work.signal(upload.subject)
    work.after_commit(FETCHES.labels("put_off").inc)
    work.send(StartFetches())
    work.send(StartFetches(), at=row.not_before)


async def give_up(work: Work, upload_id: UploadId, code: str, sentence: str) -> None:
    """The end of a fetch without its file. What it holds stays for another try, until the upload expires."""
    row = await fetches.fetch(work.session, upload_id, lock=True)
    upload = await repository.upload(work.session, upload_id, lock=True)
    if row is None or upload is None or row.state == "failed" or upload.state != "open":
        return
    row.state, row.trouble_code, row.trouble = "failed", code, sentence
    upload.expires_at = work.now + timedelta(hours=work.settings(FilesSettings).upload_expires_h)
    if not upload.sized:
        upload.size_bytes = upload.offset_bytes  # what was set aside beyond it is free again
    work.after_commit(FETCHES.labels("failed").inc)
    work.signal(upload.subject)
    work.send(FetchFailed(upload_id=upload_id, purpose=upload.purpose, subject=upload.subject))
    work.send(StartFetches())


async def fetch_failure(work: Work, upload_id: UploadId) -> FetchFailure | None:
    """Why a fetch ended without its file; None when it did not (any more)."""
    row = await fetches.fetch(work.session, upload_id)
    if row is None or row.state != "failed":
        return None
    return FetchFailure(code=row.trouble_code or "", sentence=row.trouble or "")

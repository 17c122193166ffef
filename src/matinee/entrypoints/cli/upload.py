"""`matinee upload FILE…`: makes videos and brings their bytes by tus, going on where an earlier run stopped.

Reads files and never changes them.
"""

import base64
import json
import mimetypes
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urljoin

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from typer.core import TyperCommand
from typer.exceptions import TyperException

from matinee.entrypoints.cli import progress
from matinee.entrypoints.cli.client import (
    Answered,
    Busy,
    Client,
    Unreachable,
    checked,
    server_address,
    token_for,
)
from matinee.entrypoints.cli.library import readable
from matinee.entrypoints.cli.progress import Place
from matinee.kernel.errors import Invalid, MatineeError

TUS = {"Tus-Resumable": "1.0.0"}
PIECE_BYTES = 1 << 18
LOOK_S = 0.4
FAILED, REJECTED, UNREACHABLE = 1, 2, 3
Wait = Literal["taken", "playable", "ready"]
REACHED: dict[Wait, tuple[str, ...]] = {
    "taken": ("encoding", "playable", "ready"),
    "playable": ("playable", "ready"),
    "ready": ("ready",),
}
VISIBILITIES = ("public", "unlisted", "private")
OVER = ("rejected", "failed", "cancelled")
Show = Callable[..., None]


@dataclass(slots=True)
class Outcome:
    """What `--json` prints for one file. `state` is what is last known of the video; without one `unreachable` or
    `refused`."""

    id: str | None = None
    page: str | None = None
    hls: str | None = None
    dash: str | None = None
    state: str = "unreachable"
    reason: str | None = None
    playable_s: float | None = None
    ready_s: float | None = None
    exit_code: int = UNREACHABLE


class UploadCommand(TyperCommand):
    """Its exit code 2 says that a film was rejected: a wrong option is a 1."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            error.exit_code = FAILED
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TyperException as error:
            error.exit_code = FAILED
            raise


def upload(
    files: Annotated[list[Path], typer.Argument(help="Files to upload.", show_default=False)],
    title: Annotated[str | None, typer.Option(help="Title. Default: the file's name.")] = None,
    visibility: Annotated[str, typer.Option(help="public, unlisted or private.")] = "private",
    wait: Annotated[str, typer.Option(help="Return once the video is playable, or ready.")] = "playable",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per file.")] = False,
    server: Annotated[
        str | None, typer.Option(help="Address of the server. Default: MATINEE_SERVER, else this machine.")
    ] = None,
) -> None:
    """Upload videos. The same command again goes on where it stopped.

    Exit code: 0 when all reached the state, 2 when one was rejected (the reason is on stderr), 3 when the server
    did not answer, 1 for anything else.
    """
    if wait not in ("playable", "ready"):
        raise typer.BadParameter("playable or ready", param_hint="--wait")
    if visibility not in VISIBILITIES:
        raise typer.BadParameter("public, unlisted or private", param_hint="--visibility")
    if title is not None and len(files) > 1:
        raise typer.BadParameter("one title does not fit several files", param_hint="--title")
    try:
        for file in files:
            _check_file(file)
        address = server_address(server)
        token = token_for(address)
    except MatineeError as error:
        if as_json:
            state = "unreachable" if isinstance(error, Unreachable) else "refused"
            say(Outcome(state=state, reason=str(error)), as_json)
        raise
    worst = 0
    with ExitStack() as stack:
        client = stack.enter_context(Client(address, token))
        bars = stack.enter_context(
            Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TextColumn("{task.fields[stage]}", markup=False),
                console=Console(stderr=True),
            )
        )
        for file in files:
            name = readable(file.name)
            task = bars.add_task(name, total=file.stat().st_size, stage="")
            outcome = bring(
                client,
                progress.key_of(address, file),
                file,
                title or Path(name).stem,
                visibility,
                cast(Wait, wait),
                shower(bars, task, name),
            )
            worst = worse_of(worst, outcome.exit_code)
            if outcome.exit_code:
                bars.console.print(f"{name}: {outcome.reason}", markup=False, highlight=False, soft_wrap=True)
            say(outcome, as_json)
            if outcome.exit_code == UNREACHABLE:
                break
    raise typer.Exit(worst)


def shower(bars: Progress, task: TaskID, name: str) -> Show:
    """What shows how far one film is. Why it waits has no room in a line: each sentence stands once above them all."""
    told: set[str] = set()

    def show(*, waits: str | None = None, **facts: Any) -> None:
        if waits is not None and waits not in told:
            told.add(waits)
            bars.console.print(f"{name}: {waits}", markup=False, highlight=False, soft_wrap=True)
        bars.update(task, **facts)

    return show


def bring(
    client: Client, key: str, file: Path, title: str, visibility: str, wait: Wait, show: Show
) -> Outcome:
    """One file to its end, whatever the end is. `key` names it between two runs."""

    def begun(outcome: Outcome) -> dict[str, Any]:
        return _bring(client, key, file, title, visibility, show, outcome)

    outcome = follow(client, begun, wait, show)
    if outcome.state in (*REACHED[wait], "rejected", "cancelled"):
        progress.keep(key, None)  # a failed one can be tried again, and the file need not be sent again
    return outcome


def follow(client: Client, begin: Callable[[Outcome], dict[str, Any]], wait: Wait, show: Show) -> Outcome:
    """What becomes of the video that `begin` gives, until it has reached the state or its end."""
    outcome = Outcome(reason=None)
    try:
        video = begin(outcome)
        while video["state"] not in (*REACHED[wait], *OVER):
            time.sleep(LOOK_S)
            video = client.json("GET", f"/api/v1/videos/{video['id']}")
            _show_stage(video, show)
    except Unreachable as error:
        outcome.reason = error.detail
        return outcome
    except Answered as error:
        outcome.state, outcome.reason = "refused", error.detail
        outcome.exit_code = REJECTED if error.status in (413, 422) else FAILED
        return outcome
    except (MatineeError, OSError) as error:
        outcome.state, outcome.reason, outcome.exit_code = "refused", str(error), FAILED
        return outcome
    show(stage=video["state"])
    note(outcome, client, video)
    if video["state"] in OVER:
        outcome.exit_code = REJECTED if video["state"] == "rejected" else FAILED
        outcome.reason = video["reason"] or f"The video was {video['state']}."
    else:
        outcome.exit_code = 0
    return outcome


def _show_stage(video: dict[str, Any], show: Show) -> None:
    coming = video["upload"] or {}
    fetch = coming.get("fetch")
    if video["state"] == "uploading" and fetch is not None:
        stage = "fetching" if fetch["trouble"] is None else fetch["trouble"]
        show(completed=coming["offset_bytes"], total=fetch["total_bytes"], stage=stage)
        return
    facts = video["progress"] or {}
    stage = f"{facts.get('stage') or video['state']} {facts.get('percent') or 0:.0f} %"
    show(stage=stage, waits=facts.get("waits"))


def _bring(
    client: Client, key: str, file: Path, title: str, visibility: str, show: Show, outcome: Outcome
) -> dict[str, Any]:
    """All bytes of `file`, as a video that exists already or is made now. Returns the video."""
    size_bytes = file.stat().st_size
    video, place = _known(client, key)
    if video is None:
        video = client.json(
            "POST",
            "/api/v1/videos",
            {
                "title": title[:200],
                "visibility": visibility,
                "filename": readable(file.name)[:255],
                "size_bytes": size_bytes,
            },
        )
        place = Place(video["id"])
        progress.keep(key, place)
    assert place is not None
    note(outcome, client, video)
    while video["state"] == "uploading":
        if place.upload is None:
            place = Place(place.video_id, _begin(client, key, file, video["id"]))
            progress.keep(key, place)
        if _send(client, str(place.upload), file, size_bytes, show):
            show(completed=size_bytes, stage="checking")
            return cast(dict[str, Any], client.json("GET", f"/api/v1/videos/{video['id']}"))
        place = Place(place.video_id)  # the server has dropped that upload: begin another for the same video
        video = client.json("GET", f"/api/v1/videos/{video['id']}")
    show(completed=size_bytes)
    return cast(dict[str, Any], video)


def _known(client: Client, key: str) -> tuple[dict[str, Any] | None, Place | None]:
    """The video of an earlier run, if it still exists and may become something."""
    place = progress.place_of(key)
    if place is None:
        return None, None
    try:
        video = client.json("GET", f"/api/v1/videos/{place.video_id}")
    except Answered as error:
        if error.status != 404:
            raise
        return None, None
    if video["state"] in ("rejected", "cancelled"):
        return None, None
    if video["state"] == "failed":
        video = client.json("POST", f"/api/v1/videos/{place.video_id}/retry")
    return video, place


def _begin(client: Client, key: str, file: Path, video_id: str) -> str:
    """A new upload's address. When the server refuses the file, the video that was made for it goes as well; where the
    token may not delete it, the next run takes the same one."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    facts = {
        "filename": readable(file.name),
        "filetype": kind,
        "purpose": "video",
        "subject": f"video:{video_id}",
    }
    metadata = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in facts.items()
    )
    headers = TUS | {"Upload-Length": str(file.stat().st_size), "Upload-Metadata": metadata}
    try:
        response = client.patiently(lambda: checked(client.http.post("/api/v1/uploads", headers=headers)))
    except Answered:
        with suppress(Answered):
            client.json("DELETE", f"/api/v1/videos/{video_id}")
            progress.keep(key, None)
        raise
    return urljoin(f"{client.server}/", response.headers["Location"])


def _send(client: Client, address: str, file: Path, size_bytes: int, show: Show) -> bool:
    """Bring all bytes that are missing. False when the server knows the upload no more."""
    if not address.startswith(f"{client.server}/"):
        raise Invalid("The server named an address of another server; nothing was sent there.")
    confirmed = 0

    def attempt() -> bool:
        nonlocal confirmed
        asked = client.http.head(address, headers=TUS)
        if asked.status_code in (404, 410):
            return False
        confirmed = int(checked(asked).headers["Upload-Offset"])
        show(completed=confirmed, stage="uploading")
        if confirmed < size_bytes:
            headers = TUS | {
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(size_bytes - confirmed),
                "Upload-Offset": str(confirmed),
            }
            pieces = _pieces(file, confirmed, size_bytes, show)
            answer = client.http.patch(address, headers=headers, content=pieces)
            if answer.status_code == 409:
                raise Busy(answer.reason_phrase)
            confirmed = int(checked(answer).headers["Upload-Offset"])
        if confirmed < size_bytes:
            raise Busy("the server took a part only")
        return True

    return client.patiently(attempt, lambda: confirmed)


def _pieces(file: Path, start: int, size_bytes: int, show: Show) -> Iterator[bytes]:
    with file.open("rb") as source:
        source.seek(start)
        while start < size_bytes:
            piece = source.read(min(PIECE_BYTES, size_bytes - start))
            if not piece:
                raise OSError("The file became shorter while it was uploaded.")
            start += len(piece)
            yield piece
            show(completed=start)


def note(outcome: Outcome, client: Client, video: dict[str, Any]) -> None:
    playback = video["playback"] or {}
    outcome.id = video["id"]
    outcome.page = f"{client.server}/watch/{video['id']}"
    outcome.hls = urljoin(client.server, playback["hls"]) if playback else None
    outcome.dash = urljoin(client.server, playback["dash"]) if playback else None
    outcome.state, outcome.reason = video["state"], video["reason"]
    outcome.playable_s, outcome.ready_s = video["playable_s"], video["ready_s"]


def say(outcome: Outcome, as_json: bool, **more: object) -> None:
    """On stdout, for programs and people. `more` goes before the rest of the JSON."""
    if as_json:
        facts = {**more, **asdict(outcome)}
        del facts["exit_code"]
        typer.echo(json.dumps(facts, ensure_ascii=False))
    elif not outcome.exit_code:
        typer.echo(f"{outcome.state}: {outcome.page}")


def worse_of(one: int, other: int) -> int:
    """Unreachable before rejected before failed before well."""
    return max((one, other), key=(0, FAILED, REJECTED, UNREACHABLE).index)


def _check_file(file: Path) -> None:
    if not file.is_file():
        name = readable(file)
        raise Invalid(f"{name} is not a file." if file.exists() else f"There is no file {name}.")
    if file.stat().st_size == 0:
        raise Invalid(f"{readable(file)} is empty.")

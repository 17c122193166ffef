"""`matinee import`: a film from an address, or a folder full of films, once or for ever.

A folder's films go by tus, several at once, also to the house of this machine: the house never opens a path that
somebody names. Reads files and never changes them.
"""

import hashlib
import json
import queue
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from matinee.entrypoints.cli.client import Busy, Client, Unreachable, checked, server_address, token_for
from matinee.entrypoints.cli.journal import Entry, Journal, sample_of
from matinee.entrypoints.cli.library import Found, Settled, Walked, readable, title_of, walk
from matinee.entrypoints.cli.upload import (
    REACHED,
    REJECTED,
    UNREACHABLE,
    VISIBILITIES,
    Outcome,
    Show,
    Wait,
    bring,
    follow,
    note,
    say,
    shower,
    worse_of,
)
from matinee.kernel.errors import Invalid

AGAIN_S = 600.0
"""Seconds after which a watched film that was not taken is tried again."""


@dataclass(slots=True)
class Summary:
    """How a folder went. `known`: taken by an earlier run, or the same bytes under another name. `leading_out`:
    links to files that lie elsewhere."""

    taken: int = 0
    known: int = 0
    no_film: int = 0
    leading_out: int = 0
    rejected: int = 0
    failed: int = 0
    sent_bytes: int = 0
    seconds: float = 0.0

    def sentence(self) -> str:
        return (
            f"{self.taken} taken, {self.known} known already, {self.rejected} rejected, {self.failed} failed,"
            f" {self.no_film} other files; {self.sent_bytes / 1e6:.1f} MB in {self.seconds:.0f} s"
        )


def import_(
    source: Annotated[str, typer.Argument(help="An address, or a folder of films.", show_default=False)],
    title: Annotated[str | None, typer.Option(help="Title of the film at the address.")] = None,
    visibility: Annotated[str, typer.Option(help="public, unlisted or private.")] = "private",
    wait: Annotated[
        str | None, typer.Option(help="taken, playable or ready. Default: playable; taken for a folder.")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, max=16, help="Films sent side by side.")] = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and take what comes into the folder.")
    ] = False,
    settle: Annotated[
        float, typer.Option(min=0, max=3600, help="With --watch: seconds that a film must stand still.")
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per film, and a summary.")] = False,
    server: Annotated[
        str | None, typer.Option(help="Address of the server. Default: MATINEE_SERVER, else this machine.")
    ] = None,
) -> None:
    """Import a film from an address, which the server fetches by itself, or all films of a folder.

    A second run goes on where the first stopped: what was taken is remembered by size, date and hash. Exit code: 0
    when all went well, 2 when a film was rejected, 3 when the server did not answer, 1 for anything else.
    """
    remote = source.lower().startswith(("http://", "https://"))
    chosen = wait or ("playable" if remote else "taken")
    if chosen not in REACHED:
        raise typer.BadParameter("taken, playable or ready", param_hint="--wait")
    if visibility not in VISIBILITIES:
        raise typer.BadParameter("public, unlisted or private", param_hint="--visibility")
    if remote and (dry_run or watch):
        raise typer.BadParameter("only for a folder", param_hint="--dry-run" if dry_run else "--watch")
    if not remote and title is not None:
        raise typer.BadParameter("one title does not fit a folder", param_hint="--title")
    root = Path(source)
    if not remote and (not source.strip() or not root.is_dir()):
        raise Invalid(
            f"{readable(source)} is neither an address nor a folder. One film goes by `matinee upload`."
        )
    address = server_address(server)
    with ExitStack() as stack:
        client = stack.enter_context(Client(address, token_for(address)))
        bars = stack.enter_context(_bars())
        if remote:
            raise typer.Exit(_fetch(client, bars, source, title, visibility, chosen, as_json))
        run = _Run(client, bars, Journal(address), root.resolve(), visibility, chosen, parallel, as_json)
        if dry_run:
            run.dry()
        elif watch:
            run.watch(settle)
        else:
            run.once()
    raise typer.Exit(run.worst)


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[stage]}", markup=False),
        console=Console(stderr=True),
    )


def _fetch(
    client: Client,
    bars: Progress,
    url: str,
    title: str | None,
    visibility: str,
    wait: Wait,
    as_json: bool,
) -> int:
    """A film that the server fetches. Ending this command does not end the fetch."""
    name = title or url.partition("?")[0]
    task = bars.add_task(name, total=None, stage="")
    form = {"url": url, "title": title, "visibility": visibility}

    def begin(outcome: Outcome) -> dict[str, Any]:
        try:  # once: a second one would make a second video
            made: dict[str, Any] = checked(client.http.post("/api/v1/imports", json=form)).json()
        except httpx.TransportError as error:
            raise Unreachable(f"{client.server} does not answer ({error}).") from None
        except Busy as error:
            raise Unreachable(f"{client.server} cannot do this now: {error}") from None
        note(outcome, client, made)
        return made

    outcome = follow(client, begin, wait, shower(bars, task, name))
    if outcome.exit_code:
        bars.console.print(str(outcome.reason), markup=False, highlight=False, soft_wrap=True)
    say(outcome, as_json)
    return outcome.exit_code


@dataclass(frozen=True, slots=True)
class _Task:
    film: Found
    sample: str


@dataclass(slots=True)
class _Run:
    """One run over one folder: the main thread finds films, others send them."""

    client: Client
    bars: Progress
    journal: Journal
    root: Path
    visibility: str
    wait: Wait
    parallel: int
    as_json: bool
    worst: int = 0
    summary: Summary = field(default_factory=Summary)
    _line: "queue.Queue[_Task | None]" = field(default_factory=queue.Queue)
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _samples: dict[Found, str] = field(default_factory=dict)
    _coming: set[str] = field(default_factory=set)
    _sent: set[Path] = field(default_factory=set)
    _left_out: set[Path] = field(default_factory=set)
    _not_before: dict[str, float] = field(default_factory=dict)
    _away: threading.Event = field(default_factory=threading.Event)

    def dry(self) -> None:
        walked = self._walk()
        for film, _ in self._new(walked.films):
            if self.as_json:
                facts = {
                    "path": readable(film.path),
                    "title": title_of(film.path),
                    "size_bytes": film.size_bytes,
                }
                typer.echo(json.dumps(facts, ensure_ascii=False))
            else:
                typer.echo(
                    f"{readable(film.path)} as “{title_of(film.path)}”, {film.size_bytes / 1e6:.1f} MB"
                )
            self.summary.taken += 1
        self.summary.no_film = walked.others
        self._sum_up("would be taken")

    def once(self) -> None:
        started = time.monotonic()
        walked = self._walk()
        self.summary.no_film = walked.others
        threads = self._senders()
        for film, sample in self._new(walked.films):
            self._line.put(_Task(film, sample))
        for _ in threads:
            self._line.put(None)
        for thread in threads:
            while thread.is_alive():  # so that Ctrl-C is heard; what was sent goes on with the next run
                thread.join(0.2)
        self.summary.seconds = time.monotonic() - started
        self._sum_up("taken")

    def watch(self, settle_s: float) -> None:
        """Until Ctrl-C."""
        settled = Settled(settle_s)
        self._senders()
        pause_s = max(0.2, min(5.0, settle_s / 2))
        try:
            while True:
                self._away.clear()
                for film, sample in self._new(settled.look(self._walk().films, time.monotonic())):
                    self._line.put(_Task(film, sample))
                time.sleep(pause_s)
        except KeyboardInterrupt:
            self.worst = 0
            self._sum_up("taken")

    def _walk(self) -> Walked:
        """What lies there now. Each link that leads out is named once."""
        walked = walk(self.root)
        for path in walked.leading_out:
            if path not in self._left_out:
                self._left_out.add(path)
                self.bars.console.print(
                    f"{readable(path)} is a link that leads out of this folder: it is left out.",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        self.summary.leading_out = len(self._left_out)
        return walked

    def _new(self, films: Iterable[Found]) -> "Iterable[tuple[Found, str]]":
        """Films that are neither done nor on their way."""
        for film in films:
            if self.journal.at(film.path, film.size_bytes, film.mtime_ns) is not None:
                self._known(film)
                continue
            try:
                sample = self._sample(film)
            except OSError as error:
                self._tell(film.path, Outcome(state="refused", reason=str(error), exit_code=1))
                continue
            twin = self.journal.like(sample)
            if twin is not None:
                self._known(film)
                self.journal.note(_entry(self.client.server, film, sample, twin.video_id, twin.state))
            elif sample in self._coming:
                self._known(film)
            elif self._not_before.get(sample, 0) <= time.monotonic():
                self._coming.add(sample)
                self._sent.add(film.path)
                yield film, sample

    def _sample(self, film: Found) -> str:
        """Read once, as long as the file stays as it is: what is in the line is met at every look at the folder."""
        if film not in self._samples:
            self._samples[film] = sample_of(film.path, film.size_bytes)
        return self._samples[film]

    def _known(self, film: Found) -> None:
        """Once for each name, and not for what this run itself has sent."""
        if film.path not in self._sent:
            self._sent.add(film.path)
            self.summary.known += 1

    def _senders(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._send, daemon=True) for _ in range(self.parallel)]
        for thread in threads:
            thread.start()
        return threads

    def _send(self) -> None:
        while (task := self._line.get()) is not None:
            if self._away.is_set():  # one sentence is enough
                self._coming.discard(task.sample)
                continue
            film = task.film
            name = readable(film.path.name)
            bar = self.bars.add_task(name, total=film.size_bytes, stage="")
            try:
                outcome = self._bring(task, shower(self.bars, bar, name))
            except Exception as error:  # such as a refused token: told like any other end
                outcome = Outcome(state="refused", reason=str(error), exit_code=1)
            self.bars.remove_task(bar)
            if outcome.id is not None and outcome.state in (*REACHED["taken"], "rejected"):
                self.journal.note(_entry(self.client.server, film, task.sample, outcome.id, outcome.state))
            else:
                self._not_before[task.sample] = time.monotonic() + AGAIN_S
                self._coming.discard(task.sample)
            if outcome.exit_code == UNREACHABLE:
                self._not_before.pop(task.sample, None)
                self._away.set()
            self._tell(film.path, outcome, film.size_bytes)

    def _bring(self, task: _Task, show: Show) -> Outcome:
        # By its bytes and not by its name, so that a film renamed on its way goes on as the same video.
        key = hashlib.sha256(f"{self.client.server} {task.sample}".encode()).hexdigest()
        path = task.film.path
        return bring(self.client, key, path, title_of(path), self.visibility, self.wait, show)

    def _tell(self, path: Path, outcome: Outcome, size_bytes: int = 0) -> None:
        with self._telling:
            self.worst = worse_of(self.worst, outcome.exit_code)
            if not outcome.exit_code:
                self.summary.taken += 1
                self.summary.sent_bytes += size_bytes
            elif outcome.exit_code == REJECTED:
                self.summary.rejected += 1
            else:
                self.summary.failed += 1
            if outcome.exit_code:
                self.bars.console.print(
                    f"{readable(path)}: {outcome.reason}", markup=False, highlight=False, soft_wrap=True
                )
            say(outcome, self.as_json, path=readable(path))

    def _sum_up(self, word: str) -> None:
        if self.as_json:
            typer.echo(json.dumps({"summary": asdict(self.summary)}))
        else:
            sentence = self.summary.sentence().replace("taken", word, 1)
            self.bars.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _entry(server: str, film: Found, sample: str, video_id: str, state: str) -> Entry:
    return Entry(server, str(film.path), film.size_bytes, film.mtime_ns, sample, video_id, state)

"""`matinee jobs …`: the queue from the terminal of the house itself. Holds no logic."""

from datetime import UTC, datetime
from typing import Annotated, cast, get_args

import typer
from rich.table import Table

from matinee.features.admin import service
from matinee.features.admin.schemas import JobState
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work

commands = typer.Typer(
    name="jobs", help="Jobs: list, show, try again, cancel; pause a lane.", no_args_is_help=True
)
LaneArgument = Annotated[str, typer.Argument(help="io, cpu or gpu.")]
JobArgument = Annotated[int, typer.Argument(min=1, max=service.MAX_JOB_ID, help="The job's number.")]


@commands.command("ls")
def list_jobs(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(get_args(JobState))}.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only jobs about this kind:uuid.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
) -> None:
    """Jobs, newest first."""
    if state is not None and state not in get_args(JobState):
        raise typer.BadParameter(f"states are {', '.join(get_args(JobState))}", param_hint="--state")

    async def run(work: Work) -> None:
        found = await service.jobs(work, state=cast(JobState | None, state), subject=subject, limit=limit)
        table = Table("job", "kind", "lane", "state", "tries", "about", "queued", box=None, pad_edge=False)
        for job in found.items:
            table.add_row(
                str(job.id),
                job.kind,
                job.lane,
                job.state,
                str(job.attempts),
                job.subject,
                _ago(job.queued_at),
            )
        say_table(table)

    in_house(context, run)


@commands.command()
def show(context: typer.Context, job: JobArgument) -> None:
    """One job, with its last error."""

    async def run(work: Work) -> None:
        found = await service.job(work, job)
        for name, value in found.model_dump(exclude={"error"}).items():
            typer.echo(f"{name:14}{'' if value is None else value}")
        if found.error:
            typer.echo(found.error)

    in_house(context, run)


@commands.command()
def retry(context: typer.Context, job: JobArgument) -> None:
    """Give a dead job its tries again."""
    in_house(context, lambda work: service.retry_job(work, job))
    typer.echo(f"Job {job} waits for a worker again.")


@commands.command()
def cancel(context: typer.Context, job: JobArgument) -> None:
    """Cancel the encode that the job is a step of; no other job can be cancelled."""
    in_house(context, lambda work: service.cancel_job(work, job))
    typer.echo(f"The encode of job {job} is cancelled; its source is kept.")


@commands.command()
def lanes(context: typer.Context) -> None:
    """The lanes: what waits, runs and failed in each, and which are paused."""

    async def run(work: Work) -> None:
        table = Table(
            "lane", "waiting", "running", "failed", "oldest waits", "paused", box=None, pad_edge=False
        )
        for lane in (await service.overview(work)).queues:
            oldest = "" if lane.oldest_waiting_s is None else f"{lane.oldest_waiting_s:.0f} s"
            counts = (str(lane.waiting), str(lane.running), str(lane.failed))
            table.add_row(lane.lane, *counts, oldest, _ago(lane.paused_at))
        say_table(table)

    in_house(context, run)


@commands.command()
def pause(context: typer.Context, lane: LaneArgument) -> None:
    """Let no worker begin anything more of a lane; what runs goes on."""
    in_house(context, lambda work: service.pause_lane(work, lane))
    typer.echo(f"Lane {lane} is paused: `matinee jobs resume {lane}` lets it go on.")


@commands.command()
def resume(context: typer.Context, lane: LaneArgument) -> None:
    """Let a paused lane go on."""
    in_house(context, lambda work: service.resume_lane(work, lane))
    typer.echo(f"Lane {lane} goes on.")


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return ""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0, seconds):.0f} s ago"

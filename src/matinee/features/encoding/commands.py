"""The terminal's verbs of encoding: `matinee encode …`."""

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from matinee.features.encoding import service
from matinee.features.encoding.errors import EncodeNotFound
from matinee.features.videos import service as videos
from matinee.infra.terminal import in_house, say_table
from matinee.infra.work import Work
from matinee.kernel.ids import VideoId
from matinee.kernel.words import without_controls

commands = typer.Typer(
    name="encode", help="Encodes: look at them, cancel them, try them again.", no_args_is_help=True
)
VideoArgument = Annotated[
    UUID, typer.Argument(metavar="VIDEO", parser=videos.named, help="Its id, or the address of its page.")
]


@commands.command("ls")
def list_encodes(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
) -> None:
    """Encodes that run, wait or failed."""

    async def run(work: Work) -> None:
        table = Table("video", "state", "percent", "speed", "left", box=None, pad_edge=False)
        for encode in await service.encodes(work, active=not everything):
            speed = f"{encode.speed:.2f}×" if encode.speed else ""
            left = f"{encode.left_s} s" if encode.left_s else ""
            table.add_row(str(encode.video_id), encode.state, f"{encode.percent:.0f} %", speed, left)
        say_table(table)

    in_house(context, run)


@commands.command()
def show(context: typer.Context, video: VideoArgument) -> None:
    """The steps of one encode, with the last lines of what failed."""

    async def run(work: Work) -> None:
        steps = await service.steps_of(work, VideoId(video))
        if not steps:
            raise EncodeNotFound
        for step in steps:
            seconds = f"{step.seconds:.1f} s" if step.seconds is not None else ""
            typer.echo(
                f"{step.name:12} {step.state:10} {step.percent:5.1f} %  tries {step.attempts}  {seconds:>9}"
                f"  {step.worker or ''}".rstrip()
            )
            if step.log:
                typer.echo(str(without_controls(step.log)))

    in_house(context, run)


@commands.command()
def retry(
    context: typer.Context,
    video: VideoArgument,
    step: Annotated[
        str | None, typer.Option(help="Only this step, as `show` names it; a done one replaces what it made.")
    ] = None,
) -> None:
    """Take up a failed or cancelled encode, or the pictures of a film that is ready without them; what is done stays
    done."""

    async def run(work: Work) -> None:
        if step is not None:
            await service.retry_step(work, VideoId(video), step)
        else:
            await service.retry(work, VideoId(video))

    in_house(context, run)
    typer.echo(f"{f'Step {step}' if step else 'The encode'} of {video} is taken up again.")


@commands.command()
def cancel(context: typer.Context, video: VideoArgument) -> None:
    """Stop an encode; the source is kept."""

    async def run(work: Work) -> None:
        await service.cancel(work, VideoId(video))  # first: steps lock their encode before its video, too
        await videos.cancel(work, VideoId(video))  # it says what cannot be cancelled

    in_house(context, run)
    typer.echo(f"The encode of {video} is cancelled; its source is kept.")


@commands.command()
def bench(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=2, max=120, help="Length of the film that is made.")] = 10,
) -> None:
    """How fast this machine encodes: the whole ladder of a moving 1080p picture, one job with all threads."""

    async def run(work: Work) -> None:
        typer.echo("Making and encoding a film …")
        took = await service.measure(work, seconds)
        for name, rung_s in took.items():
            typer.echo(f"{name:24}{rung_s:8.1f} s  {seconds / rung_s:6.2f} × real time")

    in_house(context, run)

"""`matinee videos …`: videos from the terminal of the house itself. Holds no logic."""

import json
from typing import Annotated, cast, get_args
from uuid import UUID

import typer

from matinee.features.videos import service
from matinee.features.videos.schemas import State, Video
from matinee.infra.terminal import in_house
from matinee.infra.work import Work

VideoArgument = Annotated[
    UUID, typer.Argument(metavar="VIDEO", parser=service.named, help="Its id, or the address of its page.")
]
app = typer.Typer(name="videos", help="Videos of this house.", no_args_is_help=True)
_STATES = get_args(State)


@app.command("ls")
def list_(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help=f"Only one state: {', '.join(_STATES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
) -> None:
    """List videos, newest first: id, state, visibility, owner, title."""
    if state is not None and state not in _STATES:
        raise typer.BadParameter(f"no such state: {state}", param_hint="--state")

    async def run(work: Work) -> None:
        for card in await service.latest(work, state=cast(State | None, state), limit=limit):
            typer.echo(f"{card.id}  {card.state:9}  {card.visibility:8}  @{card.owner.handle}  {card.title}")

    in_house(ctx, run)


@app.command()
def show(ctx: typer.Context, video: VideoArgument) -> None:
    """Print one video as JSON, with what its encoder said last."""

    async def run(work: Work) -> None:
        shown = await service.get(work, video)
        typer.echo(json.dumps(shown.model_dump(mode="json"), ensure_ascii=False, indent=2))

    in_house(ctx, run)


@app.command()
def retry(ctx: typer.Context, video: VideoArgument) -> None:
    """Take up a failed or cancelled encode, or the pictures of a film that is ready without them."""
    _say(in_house(ctx, lambda work: service.retry(work, video)))


@app.command()
def cancel(ctx: typer.Context, video: VideoArgument) -> None:
    """Stop an upload or an encode."""
    _say(in_house(ctx, lambda work: service.cancel(work, video)))


@app.command()
def delete(
    ctx: typer.Context,
    video: VideoArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a video and free its bytes."""
    if not yes:
        typer.confirm(f"Delete {video} for good?", abort=True)
    in_house(ctx, lambda work: service.remove(work, video))
    typer.echo(f"Deleted {video}.")


def _say(video: Video) -> None:
    typer.echo(f"{video.id} is {video.state} now.")

"""One step once more: a failed one alone, or a done one whose output is suspect. Never touches the other steps' work.

What a done chunk or sound made stays in place until its successor replaces it, segment by segment. Both fit the same
header and the same grid, so that a player may hold some of each. Once all are there, manifests name them anew.
"""

import structlog

from matinee.features.encoding import repository, rules
from matinee.features.encoding.errors import EncodeNotFound, NothingToRetry, StepBusy, StepNotFound
from matinee.features.encoding.models import Encode, Step
from matinee.features.encoding.service import course, ordering
from matinee.infra.work import Work
from matinee.kernel.ids import VideoId

log = structlog.get_logger(__name__)


async def retry_step(work: Work, video_id: VideoId, name: str) -> None:
    """Run the step `name` again; of an encode that stopped, the rest goes on once it is done. Raises `EncodeNotFound`,
    `StepNotFound`, `StepBusy` while the encode or the step runs, `NothingToRetry`."""
    encode = await repository.encode(work.session, video_id, lock=True)
    if encode is None:
        raise EncodeNotFound
    step = await repository.step(work.session, video_id, name)
    if step is None:
        raise StepNotFound
    await _may_run(work, encode, step)
    await course.note(work, "encode.retried", encode, step=name)
    again = step.state == "done" or encode.state == "done"
    if encode.state != "done":
        await course.reopen(work, encode)
    if again:
        course.reset(step)
        step.again = True
    await ordering.want(work, encode, [step])
    actor = work.actor.account_id
    log.info(
        "encoding.step_retried", video_id=str(video_id), step=name, again=again, by=str(actor or "house")
    )


async def _may_run(work: Work, encode: Encode, step: Step) -> None:
    if encode.state in ("checking", "encoding") or step.state == "running":
        raise StepBusy
    if encode.state == "done" and step.state == "waiting":
        raise StepBusy
    if encode.state == "rejected" or (step.state == "done" and step.kind not in rules.REPEATABLE):
        raise NothingToRetry("This step cannot be run again: nothing of it is left that could be replaced.")
    if step.kind == "storyboard":
        steps = await repository.steps(work.session, encode.video_id)
        if not course.complete(steps).issuperset(step.rungs):
            raise NothingToRetry("A storyboard is made of its rung: try the chunks of that first.")

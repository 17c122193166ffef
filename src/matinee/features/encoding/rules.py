"""Decisions without database or clock: which steps an encode has, what each weighs, how far the whole is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matinee.engines.media import Chunk, Ladder, Rung, SourceFacts, plan_chunks
from matinee.features.encoding.schemas import EncodeState, StepState

StepKind = Literal["check", "copy", "early", "audio", "chunk", "pictures", "storyboard"]
REPEATABLE: frozenset[StepKind] = frozenset({"audio", "chunk", "pictures", "storyboard"})
"""What is done may be done again: its successor takes its place."""
ENDED: frozenset[EncodeState] = frozenset({"done", "rejected", "failed", "cancelled"})
LOW_RUNGS = 2
EARLY_SEGMENTS = 2
WITHOUT_PICTURES = (
    "No pictures of this film could be made after several tries. It plays without them:"
    " try again, or choose a picture of your own."
)
"""What the owner reads of such a film when it is ready."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """`weight` is in millions of encoded pixels, so that percents of unlike steps add up to the truth."""

    name: str
    kind: StepKind
    weight: float
    rungs: tuple[str, ...] = ()
    first_segment: int = 0
    end_segment: int = 0


def plan_steps(facts: SourceFacts, ladder: Ladder, slots: int = 2) -> list[StepPlan]:
    """All steps after the check, those that somebody waits for first, then the low rungs of the whole film (so that
    it soon plays through), then the high ones; in chunks for `slots` encoders side by side."""
    steps: list[StepPlan] = []
    seconds = ladder.grid.duration_s
    if facts.is_copyable:
        steps.append(StepPlan("copy", "copy", seconds * 0.05))
    else:
        steps.append(early_step(ladder))
    if ladder.audio:
        steps.append(StepPlan("audio", "audio", seconds * 0.3 * len(ladder.audio)))
    steps.append(StepPlan("pictures", "pictures", 5))
    chunks = plan_chunks(ladder, facts, max(1, slots))
    for label, rungs in rung_groups(ladder):
        steps += [_chunk_step(ladder, label, rungs, chunk) for chunk in chunks]
    lowest = ladder.rungs[0].name
    steps.append(StepPlan("storyboard", "storyboard", 5, (lowest,), 0, ladder.grid.segment_count))
    return steps


def first_kinds(kinds: Collection[StepKind]) -> frozenset[StepKind]:
    """Of the kinds of a plan, those that a video needs to be playable."""
    return frozenset({"copy"} if "copy" in kinds else {"early", "audio"})


def early_step(ladder: Ladder) -> StepPlan:
    """The first segments of one low rung, for a source that cannot be played as it is."""
    from matinee.engines.media import early_rung

    rung = early_rung(ladder)
    end = min(EARLY_SEGMENTS, ladder.grid.segment_count)
    return StepPlan("early", "early", _pixels(ladder, [rung], 0, end), (rung.name,), 0, end)


def rung_groups(ladder: Ladder) -> list[tuple[str, Sequence[Rung]]]:
    """The low rungs alone first where that costs little beside the rest; each group is one decoding."""
    if len(ladder.rungs) <= LOW_RUNGS + 1:
        return [("all", ladder.rungs)]
    return [("low", ladder.rungs[:LOW_RUNGS]), ("high", ladder.rungs[LOW_RUNGS:])]


def _chunk_step(ladder: Ladder, label: str, rungs: Sequence[Rung], chunk: Chunk) -> StepPlan:
    weight = _pixels(ladder, rungs, chunk.first_segment, chunk.end_segment)
    names = tuple(rung.name for rung in rungs)
    name = f"{label}-{chunk.index}"
    return StepPlan(name, "chunk", weight, names, chunk.first_segment, chunk.end_segment)


def _pixels(ladder: Ladder, rungs: Sequence[Rung], first: int, end: int) -> float:
    frames = sum(ladder.grid.segment_frames(n) for n in range(first, end))
    return frames * sum(rung.width * rung.height for rung in rungs) / 1e6


def lane(kind: StepKind, *, copied: bool) -> Literal["urgent", "long"]:
    """`urgent` for what somebody waits for, where long work never holds it up. The sound of a film that is `copied`
    plays with the copy."""
    if kind in ("check", "copy", "early", "pictures") or (kind == "audio" and not copied):
        return "urgent"
    return "long"


def can_wait(lane: str, kind: StepKind | str) -> bool:
    """Whether the step gives way to others on its machine. Pictures are soon made, but a film plays without them."""
    return lane == "long" or kind == "pictures"


def tier(step: StepPlan) -> int:
    """What matters most to an owner is 0; high rungs come after the low ones of all their films, a storyboard after
    all that makes one of them playable."""
    return 1 if step.kind == "storyboard" or step.name.startswith("high-") else 0


def belongs_to_film(kind: str) -> bool:
    """Whether the film is ready only once the step has ended. Nobody waits for a storyboard."""
    return kind != "storyboard"


def may_be_missing(kind: str) -> bool:
    """Whether the film plays without what the step makes, and does not fail with it."""
    return kind in ("pictures", "storyboard")


def ended(kind: str, step: StepState | str, ordered: bool) -> bool:
    """Whether a film has waited long enough for the step. One that failed has a job until it is given up."""
    return step == "done" or (may_be_missing(kind) and step == "failed" and not ordered)


def moves(encode: EncodeState | str, step: StepState | str, ordered: bool) -> bool:
    """Whether a step has a job, in a healthy house. One that failed has, until its encode fails with it or goes on
    without it; of a film that is done it may have failed for good."""
    if encode not in ("checking", "encoding", "done"):
        return False
    return ordered and step in (
        ("waiting", "running") if encode == "done" else ("waiting", "running", "failed")
    )


def given_up(reason: str) -> str:
    """What the owner reads of a film whose step failed at each try; `reason` is a sentence."""
    return (
        f"The encoder could not finish this film after several tries. {reason}"
        " Your file is kept: try again, or replace it."
    )


def percent(steps: Iterable[tuple[StepState, float, float]]) -> float:
    """Of (state, percent, weight) of all steps: the weighted share that is done, 0 to 100."""
    total = done = 0.0
    for state, part, weight in steps:
        total += weight
        done += weight * (100.0 if state == "done" else part)
    return round(min(100.0, done / total), 1) if total else 0.0


def worked_s(steps: Iterable[tuple[StepState, float | None, datetime | None]], now: datetime) -> float:
    """Seconds that somebody worked at the encode, from (state, seconds taken, started) of its steps: what ran side by
    side counts once, and the time while every worker was away not at all."""
    steps = list(steps)
    running = [
        (now - started).total_seconds() for state, _, started in steps if state == "running" and started
    ]
    done = [seconds for state, seconds, _ in steps if state == "done" and seconds is not None]
    return (sum(done) + sum(running)) / max(1, len(running))


def left_s(percent: float, worked_s: float) -> int | None:
    """Seconds left at the pace so far, rounded up; None while too little is known."""
    if percent < 2 or worked_s < 1:
        return None
    return int((100 - percent) / percent * worked_s) + 1


def rungs_complete(steps: Iterable[tuple[Sequence[str], StepState]]) -> set[str]:
    """Names of the rungs whose every step is done."""
    seen: set[str] = set()
    open_: set[str] = set()
    for rungs, state in steps:
        seen |= set(rungs)
        if state != "done":
            open_ |= set(rungs)
    return seen - open_

"""From the engine's plans to the renditions that `videos` keeps. Pure."""

from matinee.engines.media import CopyPlan, Ladder, SourceFacts, audio_name
from matinee.features.videos import schemas as video_schemas
from matinee.features.videos.schemas import RenditionPlan

_AUDIO_OVERHEAD = 1.1
_PROFILES = {"Constrained Baseline": "42e0", "Baseline": "4200", "Main": "4d40", "High": "6400"}


def ladder_renditions(ladder: Ladder) -> list[RenditionPlan]:
    """Every rung, lowest first, then every sound."""
    grid = ladder.grid
    rungs = [
        RenditionPlan(
            name=rung.name,
            kind="video",
            role="ladder",
            width=rung.width,
            height=rung.height,
            fps=float(grid.fps),
            codecs=rung.codecs,
            bandwidth_bps=rung.peak_bps,
            average_bps=rung.maxrate_bps,
            aligned=True,
            target_s=grid.target_duration_s,
            segment_count=grid.segment_count,
        )
        for rung in ladder.rungs
    ]
    sounds = [
        RenditionPlan(
            name=track.name,
            kind="audio",
            role="audio",
            codecs=track.codecs,
            bandwidth_bps=round(track.bitrate_bps * _AUDIO_OVERHEAD),
            average_bps=track.bitrate_bps,
            language=track.language,
            label=track.label,
            is_default=track.default,
            aligned=True,
            target_s=grid.target_duration_s,
            segment_count=grid.segment_count,
        )
        for track in ladder.audio
    ]
    return [*rungs, *sounds]


def is_copied(name: str) -> bool:
    return name == "source" or name.startswith("source-audio-")


def copied_renditions(facts: SourceFacts, ladder: Ladder, plan: CopyPlan) -> list[RenditionPlan]:
    """The source as it came, and its sounds. Codecs are guesses until their headers are written."""
    rate_bps = round(facts.size_bytes * 8 / max(0.1, facts.duration_s))
    picture = RenditionPlan(
        name="source",
        kind="video",
        role="source",
        width=facts.video.width,
        height=facts.video.height,
        fps=round(float(facts.video.fps), 3),
        codecs=f"avc1.{_PROFILES.get(facts.video.profile, '6400')}{max(10, facts.video.level):02x}",
        bandwidth_bps=round(rate_bps * 1.5),
        average_bps=rate_bps,
        aligned=plan.fits_grid,
        target_s=plan.target_duration_s,
        segment_count=len(plan.edges_s),
    )
    sounds = [
        RenditionPlan(
            name=audio_name(i),
            kind="audio",
            role="source",
            codecs="mp4a.40.5" if track.profile.startswith("HE") else "mp4a.40.2",
            bandwidth_bps=256_000,
            average_bps=192_000,
            language=named.language,
            label=named.label,
            channels=track.channels,
            is_default=named.default,
            aligned=plan.fits_grid,
            target_s=plan.target_duration_s,
            segment_count=len(plan.edges_s),
        )
        for i, (track, named) in enumerate(zip(facts.audio, ladder.audio, strict=False))
    ]
    return [picture, *sounds]


def source_schema(facts: SourceFacts) -> video_schemas.SourceFacts:
    """What the owner is shown of the source."""
    video = facts.video
    return video_schemas.SourceFacts(
        container=facts.container,
        duration_s=facts.duration_s,
        size_bytes=facts.size_bytes,
        video=video_schemas.SourceVideo(
            codec=video.codec,
            profile=video.profile,
            width=video.width,
            height=video.height,
            rotation=video.rotation,
            fps=round(float(video.fps), 3),
            variable_fps=video.variable_fps,
            pixel_format=video.pixel_format,
            bit_depth=video.bit_depth,
        ),
        audio=[
            video_schemas.SourceAudio(
                codec=track.codec,
                channels=track.channels,
                sample_rate=track.sample_rate,
                language=track.language,
            )
            for track in facts.audio
        ],
    )

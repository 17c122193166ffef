"""Media: recognise and open a stranger's video, plan its ladder, encode it in chunks, copy it, describe it,
show it.

    tools = Tools(ffmpeg=Path("ffmpeg"), run=...)           `run` starts a child under limits (see `Run`)
    facts = await probe(tools, path)                        SourceFacts, or Rejected with a sentence
    ladder = plan_ladder(facts)                             rungs, one grid, sounds: pure
    for chunk in plan_chunks(ladder, facts):                each a step of its own, exact to the frame
        await encode_chunk(tools, path, facts, ladder, ladder.rungs, chunk, folder, on_segment=...)
    await encode_audio(tools, path, facts, ladder, folder, on_segment=...)
    await copy_source(tools, path, facts, ladder, folder, on_segment=...)     of what plays as it is, else NotCopyable
    hls_master(...), hls_media(...), dash_manifest(...)     manifests as text: pure
    await make_posters(tools, path, facts, folder)          candidates at key frames
    await make_storyboard(tools, plan_storyboard(ladder), init, segments, folder)     pictures for whoever seeks
    await decodes(tools, init, [segment])                   does it really play?

Segments lie at `<folder>/<rendition>/<n>.m4s` beside `init.mp4`; `n` counts from 0 and means the same stretch
in every rung. Everything async can be cancelled and takes its children along; failures are Rejected,
NotCopyable, EncodeFailed.

Never knows a database, the web or settings, never opens a stranger's file in this process, never downloads
anything.
"""

from matinee.engines.media.audio import encode_audio
from matinee.engines.media.copy_source import CopiedSource, CopyPlan, audio_name, copy_source, plan_copy
from matinee.engines.media.encode import encode_chunk
from matinee.engines.media.facts import AudioFacts, SourceFacts, VideoFacts
from matinee.engines.media.ladder import (
    AudioTrack,
    Chunk,
    Grid,
    Ladder,
    Rung,
    early_rung,
    plan_chunks,
    plan_ladder,
)
from matinee.engines.media.manifests import Growth, Rendition, dash_manifest, hls_master, hls_media
from matinee.engines.media.posters import Poster, make_posters, normalise_picture
from matinee.engines.media.probe import ProbeLimits, probe
from matinee.engines.media.sniff import Container, sniff
from matinee.engines.media.storyboards import (
    Storyboard,
    StoryboardPlan,
    make_storyboard,
    plan_storyboard,
    storyboard_vtt,
)
from matinee.engines.media.tools import EncodeFailed, Ended, NotCopyable, Rejected, Run, Tools
from matinee.engines.media.tracks import Progress, Segment
from matinee.engines.media.verify import decodes

__all__ = [
    "AudioFacts",
    "AudioTrack",
    "Chunk",
    "Container",
    "CopiedSource",
    "CopyPlan",
    "EncodeFailed",
    "Ended",
    "Grid",
    "Growth",
    "Ladder",
    "NotCopyable",
    "Poster",
    "ProbeLimits",
    "Progress",
    "Rejected",
    "Rendition",
    "Run",
    "Rung",
    "Segment",
    "SourceFacts",
    "Storyboard",
    "StoryboardPlan",
    "Tools",
    "VideoFacts",
    "audio_name",
    "copy_source",
    "dash_manifest",
    "decodes",
    "early_rung",
    "encode_audio",
    "encode_chunk",
    "hls_master",
    "hls_media",
    "make_posters",
    "make_storyboard",
    "normalise_picture",
    "plan_chunks",
    "plan_copy",
    "plan_ladder",
    "plan_storyboard",
    "probe",
    "sniff",
    "storyboard_vtt",
]

"""The sound of the ladder: every track once, in one pass over the whole source, on the grid of the picture.

One rendition per track, AAC stereo at 48 kHz. The encoder's priming is cut off, so sound and picture start
together without an edit list. Never touches the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from matinee.engines.media.cmaf import Sample
from matinee.engines.media.encode import source_clock
from matinee.engines.media.facts import SourceFacts
from matinee.engines.media.ladder import AUDIO_RATE_HZ, AudioTrack, Grid, Ladder
from matinee.engines.media.probe import input_arguments, lonely_link
from matinee.engines.media.tools import Tools
from matinee.engines.media.tracks import Cut, OnProgress, OnSegment, TrackWriter, run_ffmpeg

AUDIO_FRAGMENTS = (
    *("-movflags", "+cmaf+empty_moov+default_base_moof+skip_trailer", "-frag_duration", "500000"),
    *("-flush_packets", "1"),
)
_PACKET = 1024


async def encode_audio(
    tools: Tools,
    source: Path,
    facts: SourceFacts,
    ladder: Ladder,
    out_dir: Path,
    *,
    tracks: Sequence[AudioTrack] | None = None,
    on_segment: OnSegment | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Encode the ladder's sounds (or some of them) into `out_dir/<track name>/`. Raises EncodeFailed."""
    chosen = ladder.audio if tracks is None else tracks
    if not chosen:
        return
    grid = ladder.grid
    out_dir.mkdir(parents=True, exist_ok=True)
    writers = [
        TrackWriter(
            track.name,
            out_dir / f".{track.name}.mp4",
            out_dir / track.name,
            AudioCutter(
                [grid.segment_start_s(n + 1) for n in range(grid.segment_count)],
                -_PACKET / AUDIO_RATE_HZ,
                whole=True,
            ),
        )
        for track in chosen
    ]
    async with lonely_link(source) as (folder, link):
        arguments: list[str | Path] = ["-copyts", "-vn", *input_arguments(facts, link)]
        arguments += [
            "-filter_complex",
            ";".join(_graph(track, facts, grid, i) for i, track in enumerate(chosen)),
        ]
        for i, (track, writer) in enumerate(zip(chosen, writers, strict=True)):
            arguments += ["-map", f"[a{i}]", "-c:a", "aac", "-b:a", str(track.bitrate_bps), *AUDIO_FRAGMENTS]
            arguments += ["-f", "mp4", f"file:{writer.raw.resolve()}"]
        await run_ffmpeg(
            tools,
            arguments,
            writers,
            cwd=folder,
            total_s=grid.duration_s,
            what="Encoding the sound",
            on_segment=on_segment,
            on_progress=on_progress,
        )


def _graph(track: AudioTrack, facts: SourceFacts, grid: Grid, at: int) -> str:
    """Sound that starts late, pauses or ends early is filled with silence, so its clock is the picture's."""
    # One packet more than the picture lasts: the last segment gets a packet however short it is.
    samples = round(grid.duration_s * AUDIO_RATE_HZ) + _PACKET
    clock = "".join(f"{step}," for step in source_clock(facts, "asetpts"))
    return (
        f"[0:{track.stream_index}]{clock}aresample={AUDIO_RATE_HZ}:async=1:min_hard_comp=0.02:first_pts=0,"
        "aformat=sample_fmts=fltp:channel_layouts=stereo,"
        f"apad=whole_len={samples},atrim=end_sample={samples},asetpts=N/SR/TB[a{at}]"
    )


class AudioCutter:
    """Cuts packets nearest to the wanted edges.

    `edges_s`: where segments end; the last takes all that is left. `start_s`: when the first packet that is
    fed begins; packets that lie before zero (an encoder's priming) are dropped. `whole`: every segment must
    come.
    """

    delay = 0

    def __init__(self, edges_s: Sequence[float], start_s: float, *, whole: bool) -> None:
        self._edges_s = list(edges_s)
        self._start_s = start_s
        self._whole = whole
        self._shift: int | None = None
        self._n = 0
        self._held: list[Sample] = []

    def feed(self, samples: Sequence[Sample], timescale: int) -> Iterator[Cut]:
        for sample in samples:
            if self._shift is None:
                self._shift = round(self._start_s * timescale) - sample.dts
            # More than half of it before zero: dropping it is nearer to the truth than keeping it.
            if sample.dts + self._shift > -sample.duration / 2:
                self._held.append(sample)
        while self._n < len(self._edges_s) - 1:
            edge = self._edges_s[self._n] * timescale - (self._shift or 0)
            # A packet belongs to the segment that holds its middle.
            count = next(
                (i for i, held in enumerate(self._held) if held.dts + held.duration / 2 > edge), None
            )
            if count is None:
                return
            if count == 0:
                # A pause as long as a segment: the player gets the nearest packet rather than an empty
                # segment.
                count = 1
            yield self._take(count)

    def finish(self) -> Iterator[Cut]:
        if self._held:
            yield self._take(len(self._held))
        if self._whole and self._n < len(self._edges_s):
            raise ValueError(f"the sound ends in segment {self._n} of {len(self._edges_s)}")

    def _take(self, count: int) -> Cut:
        cut = Cut(self._n, max(0, self._held[0].dts + (self._shift or 0)), self._held[:count], 0)
        del self._held[:count]
        self._n += 1
        return cut

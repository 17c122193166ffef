"""HLS and DASH manifests over the same segments, complete or still growing.

Pure text from a small description; never reads a file and never decides addresses. Written by hand because
muxers write manifests with encode-time dates and without FRAME-RATE or AVERAGE-BANDWIDTH.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from html import escape
from typing import Literal

_DASH_TIMESCALE = 90_000
_UNSAYABLE = {"Cc", "Cs", "Cn", "Zl", "Zp"}
_UPDATE_S = 4
"""Between two looks of a player at a manifest that grows; those of HLS look as often."""
_WRONG_CLOCK = timedelta(days=1)
_LAST_S = 0.5
"""Renditions whose ends differ by less cover the same stretch: sound ends on its own frames."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """`segments`: (n, seconds, bytes); only the unbroken run from 0 is listed. Addresses are written as they
    are; `segment_url` holds `{n}`. `target_duration_s` is the longest a segment may ever get, rounded up: it
    stays while the list grows. `peak_bps` is declared until the rendition is complete and measured.
    Renditions of one `group` have the same segment boundaries, and its video goes with its audio."""

    name: str
    kind: Literal["video", "audio"]
    codecs: str
    segments: Sequence[tuple[int, float, int]]
    complete: bool
    target_duration_s: int
    playlist_url: str
    init_url: str
    segment_url: str
    width: int | None = None
    height: int | None = None
    fps: Fraction | None = None
    peak_bps: int = 0
    group: str = "ladder"
    language: str | None = None
    label: str | None = None
    default: bool = False
    channels: int = 2
    run: tuple[tuple[int, float, int], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        run = []
        for at, row in enumerate(sorted(self.segments)):
            if row[0] != at:
                break
            run.append((row[0], float(row[1]), row[2]))
        object.__setattr__(self, "run", tuple(run))

    @property
    def end_s(self) -> float:
        return sum(row[1] for row in self.run)

    @property
    def average_bps(self) -> int:
        return round(sum(row[2] for row in self.run) * 8 / self.end_s) if self.run else self.peak_bps

    @property
    def highest_bps(self) -> int:
        """The highest rate of one segment; what was declared counts while segments are still to come."""
        # A last segment of a few frames would claim an absurd rate: RFC 8216 measures over target durations.
        whole = [row for row in self.run if row[1] >= self.target_duration_s / 2] or self.run
        measured = max((round(row[2] * 8 / row[1]) for row in whole if row[1] > 0), default=0)
        return measured if self.complete and measured else max(measured, self.peak_bps)


def hls_master(renditions: Iterable[Rendition]) -> str:
    """Variants from the best to the smallest: those with at least one segment, whose group's sound has
    begun."""
    every = list(renditions)
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    audio = [rendition for rendition in every if rendition.kind == "audio" and rendition.run]
    mute = {rendition.group for rendition in every if rendition.kind == "audio" and not rendition.run}
    videos = [r for r in every if r.kind == "video" and r.run and r.group not in mute]
    groups = {video.group for video in videos}
    lines += ["#EXT-X-MEDIA:" + _attributes(_audio_group(a)) for a in audio if a.group in groups]
    for video in sorted(
        videos, key=lambda r: (-(r.height or 0) * (r.width or 0), r.group != "ladder", -r.highest_bps)
    ):
        sound = [rendition for rendition in audio if rendition.group == video.group]
        peak = video.highest_bps + max((a.highest_bps for a in sound), default=0)
        mean = video.average_bps + max((a.average_bps for a in sound), default=0)
        fields: list[tuple[str, str]] = [
            ("BANDWIDTH", str(peak)),
            ("AVERAGE-BANDWIDTH", str(min(mean, peak))),
        ]
        fields.append(
            ("CODECS", _quoted(",".join(dict.fromkeys([video.codecs, *(a.codecs for a in sound)]))))
        )
        if video.width and video.height:
            fields.append(("RESOLUTION", f"{video.width}x{video.height}"))
        if video.fps:
            fields.append(("FRAME-RATE", f"{float(video.fps):.3f}"))
        if sound:
            fields.append(("AUDIO", _quoted(video.group)))
        lines += ["#EXT-X-STREAM-INF:" + _attributes(fields), video.playlist_url]
    return "\n".join(lines) + "\n"


def hls_media(rendition: Rendition) -> str:
    """A media playlist: EVENT while it grows, VOD with an end once complete.

    Players take a playlist without an end for live and begin three segments before its last: until it ends, it says
    where to start (RFC 8216, 4.3.5.2).
    """
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{rendition.target_duration_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if rendition.complete else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *([] if rendition.complete else ["#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"]),
        f"#EXT-X-MAP:URI={_quoted(rendition.init_url)}",
    ]
    for n, duration_s, _ in rendition.run:
        lines += [f"#EXTINF:{duration_s:.6f},", rendition.segment_url.replace("{n}", str(n))]
    if rendition.complete:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Growth:
    """Of a film to which segments still come: when its source was there, and when the manifest is written (UTC)."""

    since: datetime
    written_at: datetime


def dash_manifest(
    renditions: Iterable[Rendition], duration_s: float, complete: bool, growth: Growth | None = None
) -> str:
    """A static presentation of what is there; with `growth` a dynamic one of known length, which players load again.

    While segments are still to come it lists only the renditions that reach furthest. A copied source stands only
    while nothing of the ladder reaches as far, since its segments do not align.
    """
    every = [rendition for rendition in renditions if rendition.run]
    video, audio = (
        _that_reach([r for r in every if r.kind == "video"]),
        [r for r in every if r.kind == "audio"],
    )
    groups = {rendition.group for rendition in video}
    group = "ladder" if "ladder" in groups else next(iter(sorted(groups)), "ladder")
    video = [rendition for rendition in video if rendition.group == group]
    audio = [rendition for rendition in audio if rendition.group == group]
    ends = [max((r.end_s for r in video), default=0.0), *(r.end_s for r in audio if r.end_s)]
    growing = growth is not None and not complete
    shown_s = duration_s if complete or growing else min([end for end in ends if end] or [0.0])
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011"',
        f'  type="{"dynamic" if growing else "static"}" mediaPresentationDuration="PT{shown_s:.3f}S"',
        *(_clocks(growth, duration_s) if growth is not None and growing else ()),
        '  minBufferTime="PT4S">',
        f'  <Period id="0" start="PT0S" duration="PT{shown_s:.3f}S">',
    ]
    if video:
        lines += _video_set(sorted(video, key=lambda r: r.highest_bps))
    for at, rendition in enumerate(audio, start=1):
        lines += _audio_set(at, rendition)
    lines.append("  </Period>")
    if growth is not None and growing:
        # Else a player asks somebody else for the time.
        time = f'schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="{_moment(growth.written_at)}"'
        lines.append(f"  <UTCTiming {time}/>")
    return "\n".join([*lines, "</MPD>"]) + "\n"


def _clocks(growth: Growth, duration_s: float) -> list[str]:
    """By the clock everything has been there since before the source came: what is listed may be fetched, whatever the
    player's own clock says. Players take `dynamic` for live and begin a delay before its end: so at the beginning."""
    available_at = growth.since - timedelta(seconds=duration_s) - _WRONG_CLOCK
    return [
        f'  availabilityStartTime="{_moment(available_at)}" publishTime="{_moment(growth.written_at)}"',
        f'  minimumUpdatePeriod="PT{_UPDATE_S}S" suggestedPresentationDelay="PT{duration_s:.3f}S"',
    ]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _that_reach(video: list[Rendition]) -> list[Rendition]:
    furthest_s = max((rendition.end_s for rendition in video), default=0.0)
    return [rendition for rendition in video if rendition.end_s > furthest_s - _LAST_S]


def _video_set(video: list[Rendition]) -> list[str]:
    largest = max(video, key=lambda r: (r.width or 0) * (r.height or 0))
    head = ' contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1"'
    if largest.width and largest.height:
        head += f' maxWidth="{largest.width}" maxHeight="{largest.height}"'
    lines = [f'    <AdaptationSet id="0"{head}>', *_role("main")]
    for rendition in video:
        size = f' width="{rendition.width}" height="{rendition.height}"' if rendition.width else ""
        rate = f' frameRate="{_rate(rendition.fps)}"' if rendition.fps else ""
        lines += _representation(rendition, size + rate, [])
    return [*lines, "    </AdaptationSet>"]


def _audio_set(at: int, rendition: Rendition) -> list[str]:
    head = ' contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1"'
    head += f" lang={_attribute(rendition.language)}" if rendition.language else ""
    lines = [f'    <AdaptationSet id="{at}"{head}>', *_role("main" if rendition.default else "alternate")]
    if rendition.label:
        lines.append(f"      <Label>{escape(_in_one_line(rendition.label), quote=False)}</Label>")
    channels = [
        f'        <AudioChannelConfiguration value="{rendition.channels}"',
        '          schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011"/>',
    ]
    return [*lines, *_representation(rendition, "", channels), "    </AdaptationSet>"]


def _representation(rendition: Rendition, extra: str, inside: list[str]) -> list[str]:
    first = rendition.init_url.replace("$", "$$")
    media = rendition.segment_url.replace("$", "$$").replace("{n}", "$Number$")
    return [
        f"      <Representation id={_attribute(rendition.name)} codecs={_attribute(rendition.codecs)}",
        f'        bandwidth="{rendition.highest_bps}"{extra}>',
        *inside,
        f'        <SegmentTemplate timescale="{_DASH_TIMESCALE}" startNumber="0" presentationTimeOffset="0"',
        f"          initialization={_attribute(first)} media={_attribute(media)}>",
        "          <SegmentTimeline>",
        *_timeline(rendition),
        "          </SegmentTimeline>",
        "        </SegmentTemplate>",
        "      </Representation>",
    ]


def _timeline(rendition: Rendition) -> list[str]:
    """Equal neighbours share one row. Edges are rounded, not lengths, so nothing drifts."""
    rows: list[list[int]] = []
    at_s, edge = 0.0, 0
    for _, duration_s, _ in rendition.run:
        at_s += duration_s
        length, edge = (round(at_s * _DASH_TIMESCALE) - edge, round(at_s * _DASH_TIMESCALE))
        if rows and rows[-1][0] == length:
            rows[-1][1] += 1
        else:
            rows.append([length, 0])
    return [
        f'            <S{" t=" + chr(34) + "0" + chr(34) if i == 0 else ""} d="{length}"'
        + (f' r="{repeat}"' if repeat else "")
        + "/>"
        for i, (length, repeat) in enumerate(rows)
    ]


def _role(value: str) -> list[str]:
    return [f'      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="{value}"/>']


def _rate(fps: Fraction) -> str:
    return str(fps.numerator) if fps.denominator == 1 else f"{fps.numerator}/{fps.denominator}"


def _audio_group(rendition: Rendition) -> list[tuple[str, str]]:
    fields = [("TYPE", "AUDIO"), ("GROUP-ID", _quoted(rendition.group))]
    fields.append(("NAME", _quoted(rendition.label or rendition.language or rendition.name)))
    if rendition.language:
        fields.append(("LANGUAGE", _quoted(rendition.language)))
    fields.append(("DEFAULT", "YES" if rendition.default else "NO"))
    fields.append(("AUTOSELECT", "YES"))
    fields.append(("CHANNELS", _quoted(str(rendition.channels))))
    fields.append(("URI", _quoted(rendition.playlist_url)))
    return fields


def _attributes(fields: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{key}={value}" for key, value in fields)


def _quoted(value: str) -> str:
    """A quoted attribute: the format has no escape, so what would end it goes."""
    return '"' + _in_one_line(value).replace('"', " ") + '"'


def _attribute(value: str) -> str:
    return f'"{escape(_in_one_line(value))}"'


def _in_one_line(value: str) -> str:
    """Without what ends a line for one reader or another, and what XML cannot hold."""
    return "".join(" " if unicodedata.category(char) in _UNSAYABLE else char for char in value)

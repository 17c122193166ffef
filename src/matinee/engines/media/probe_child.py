"""The reading half of `probe`, run in a process of its own under limits. Prints one JSON object.

Never writes, never opens anything but the one file it was given with the one demuxer it was told.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from matinee.engines.media.boxes import mp4_shape
from matinee.engines.media.facts import AudioFacts, SourceFacts, VideoFacts
from matinee.engines.media.timing import Rate, rate_of
from matinee.engines.media.tools import DISK_ERRORS, Rejected

_LOOK_S, _LOOK_BYTES = 5.0, 1 << 20
_WHITELIST = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}
_DECODE_FRAMES = 4
_DECODE_TRIES = 300
_MAX_AUDIO = 16
_MAX_KEY_FRAMES = 50_000
_MIN_SIDE_PX = 16
_LONGEST_S = 7 * 86_400.0
_BROADCAST = {"mpegts", "mpeg"}
_BACK_S, _AHEAD_S = 2.0, 30.0
"""Pictures that are shown out of order lie closer together; a recorder that lost its signal pauses for less."""
_TRANSFERS = {
    1: "bt709",
    6: "smpte170m",
    13: "iec61966-2-1",
    14: "bt2020-10",
    16: "smpte2084",
    18: "arib-std-b67",
}
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_SPACES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc", 10: "bt2020c"}
_RANGES = {1: "tv", 2: "pc"}


@dataclass
class _Timeline:
    """Times of one stream's packets, in seconds from the container's start."""

    times_s: list[float]
    keys_s: list[float]
    end_s: float
    complete: bool
    hidden_start: bool = False


def main() -> None:
    path, order = Path(sys.argv[1]), json.loads(sys.argv[2])
    av.logging.set_level(None)
    try:
        answer: dict[str, Any] = {"facts": _read(path, order).to_json()}
    except Rejected as refused:
        answer = {"rejected": refused.code, "sentence": refused.sentence, "detail": refused.detail}
    except (av.error.FFmpegError, ValueError, ArithmeticError) as error:
        answer = {
            "rejected": "unsupported",
            "sentence": "This file cannot be read: it is damaged or of a kind we do not know.",
            "detail": f"{type(error).__name__}: {error}",
        }
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        answer = {"disk": error.errno}
    if "rejected" in answer and (failed := _disk_error(path)) is not None:
        answer = {"disk": failed}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def _disk_error(path: Path) -> int | None:
    """What the disk answers where it cannot give the file: ffmpeg calls that invalid data. Looks for some seconds."""
    until = time.monotonic() + _LOOK_S
    try:
        with path.open("rb") as file:
            while time.monotonic() < until and file.read(_LOOK_BYTES):
                pass
    except OSError as error:
        return error.errno if error.errno in DISK_ERRORS else None
    return None


def open_source(path: Path, demuxer: str) -> InputContainer:
    """Opens with one demuxer, files only, no references."""
    options = {"format_whitelist": _WHITELIST.get(demuxer, demuxer), "protocol_whitelist": "file"}
    if demuxer == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    return av.open(f"file:{path}", format=demuxer, options=options)


def video_stream(container: InputContainer) -> VideoStream:
    """The picture worth showing: the first video stream that is not a cover."""
    for stream in container.streams.video:
        if "attached_pic" not in str(stream.disposition).lower() and stream.codec_context is not None:
            return stream
    raise Rejected("no_picture", "This file has no moving picture.")


def _read(path: Path, order: dict[str, Any]) -> SourceFacts:
    demuxer = order["demuxer"]
    fragmented = _check_boxes(path) if demuxer == "mov" else False
    try:
        container = open_source(path, demuxer)
    except av.error.FFmpegError as error:
        sentence = f"This looks like {order['container']} but cannot be opened: it is damaged."
        raise Rejected("not_a_video", sentence, str(error)) from None
    with container:
        video = video_stream(container)
        _check_size(video.codec_context.width, video.codec_context.height, order)
        zero_s = (container.start_time or 0) / 1_000_000
        declared_s = (container.duration or 0) / 1_000_000
        frames = _decode_some(container, video)
        container.seek(0) if demuxer != "mpegvideo" else None
        indexed = demuxer == "mov" and not fragmented and len(video.index_entries) > 0
        spans: dict[int, tuple[float, float]] = {}
        if indexed:
            timeline = _from_index(video, frames[0], zero_s)
        else:
            timeline, spans = _from_packets(path, demuxer, video.index, zero_s, order["scan_s"])
        audio = tuple(_audio(stream, zero_s, spans) for stream in _sound(container))
        rate = rate_of(timeline.times_s, _fraction(video.average_rate), _fraction(video.guessed_rate))
        duration_s = _duration(timeline, declared_s, audio)
        _check_duration(duration_s, declared_s, timeline, order)
        return SourceFacts(
            container=order["container"],
            demuxer=demuxer,
            start_s=round(zero_s, 6),
            duration_s=round(duration_s, 6),
            size_bytes=path.stat().st_size,
            video=_video(video, frames, timeline, rate, duration_s),
            audio=audio,
        )


def _check_boxes(path: Path) -> bool:
    shape = mp4_shape(path)
    if shape.outside_references:
        raise Rejected(
            "names_other_files",
            "This file keeps its picture or sound in other files. Send one file that holds everything.",
            "data reference outside the file",
        )
    if not shape.has_moov:
        raise Rejected(
            "truncated", "This file is cut off: its end or its table of contents is missing.", "no moov box"
        )
    if shape.missing_bytes > max(4_096, shape.mdat_bytes // 50):
        raise Rejected(
            "truncated",
            "This file is cut off: its end is missing.",
            f"{shape.missing_bytes} bytes are missing",
        )
    return shape.fragmented


def _check_size(width: int, height: int, order: dict[str, Any]) -> None:
    side = order["max_side_px"]
    if min(width, height) < _MIN_SIDE_PX or max(width, height) > side or width * height > order["max_pixels"]:
        raise Rejected(
            "absurd_dimensions",
            f"The picture is {width} × {height}: each side must lie between {_MIN_SIDE_PX} and {side}.",
        )


def _decode_some(container: InputContainer, stream: VideoStream) -> list[VideoFrame]:
    stream.thread_type = "SLICE"
    frames: list[VideoFrame] = []
    tries, trouble = 0, ""
    try:
        for packet in container.demux(stream):
            tries += 1
            try:
                frames += packet.decode()
            except av.error.FFmpegError as error:
                trouble = str(error)
            if len(frames) >= _DECODE_FRAMES or tries >= _DECODE_TRIES:
                break
    except av.error.FFmpegError as error:
        trouble = str(error)
    if not frames:
        name = stream.codec_context.name if stream.codec_context else "unknown"
        raise Rejected(
            "unsupported", "The picture in this file cannot be decoded.", f"{name}: {trouble or 'no frame'}"
        )
    return frames


def _from_index(stream: VideoStream, first: VideoFrame, zero_s: float) -> _Timeline:
    base = stream.time_base or Fraction(1, 90_000)
    every = list(stream.index_entries)
    entries = [entry for entry in every if not entry.is_discard] or every
    stamps = sorted(entry.timestamp for entry in entries)
    # The index counts in decoding order: move it so that the first picture stands where it is shown.
    shift = (first.pts if first.pts is not None else stamps[0]) - stamps[0]
    times = [float((stamp + shift) * base) - zero_s for stamp in stamps]
    keys = [float((entry.timestamp + shift) * base) - zero_s for entry in entries if entry.is_keyframe]
    last_s = times[-1] - times[-2] if len(times) > 1 else 1 / float(stream.average_rate or 25)
    return _Timeline(times, sorted(keys), times[-1] + last_s, True, hidden_start=every[0].is_discard)


def _from_packets(
    path: Path, demuxer: str, index: int, zero_s: float, scan_s: float
) -> tuple[_Timeline, dict[int, tuple[float, float]]]:
    times: list[float] = []
    keys: list[float] = []
    spans: dict[int, tuple[float, float]] = {}
    complete = True
    last_at_s: float | None = None
    until = time.monotonic() + scan_s
    with open_source(path, demuxer) as container:
        streams = [*container.streams.video, *container.streams.audio]
        last_duration_s = 0.0
        try:
            for count, packet in enumerate(container.demux(streams)):
                stamp = packet.pts if packet.pts is not None else packet.dts
                if stamp is None or packet.time_base is None:
                    continue
                at_s = float(stamp * packet.time_base) - zero_s
                length_s = float((packet.duration or 0) * packet.time_base)
                first_s, last_s = spans.get(packet.stream_index, (at_s, 0.0))
                spans[packet.stream_index] = (min(first_s, at_s), max(last_s, at_s + length_s))
                if packet.stream_index == index:
                    if last_at_s is not None and demuxer in _BROADCAST:
                        _check_clock(last_at_s, at_s)
                    last_at_s = at_s
                    times.append(at_s)
                    last_duration_s = length_s or last_duration_s
                    if packet.is_keyframe and len(keys) < _MAX_KEY_FRAMES:
                        keys.append(at_s)
                if count % 256 == 0 and time.monotonic() > until:
                    complete = False
                    break
        except av.error.FFmpegError:
            complete = False
    times.sort()
    if not times:
        raise Rejected("unsupported", "The picture in this file carries no times.", "no timestamps")
    if not last_duration_s and len(times) > 1:
        last_duration_s = (times[-1] - times[0]) / (len(times) - 1)
    return _Timeline(times, sorted(keys), times[-1] + last_duration_s, complete), spans


def _check_clock(before_s: float, after_s: float) -> None:
    """A recording that was joined from several goes on at another time, or from the beginning again."""
    if after_s < before_s - _BACK_S or after_s > before_s + _AHEAD_S:
        raise Rejected(
            "clock_jumps",
            f"The clock of this recording jumps after {before_s:.0f} seconds. Save it once more with a program that"
            " writes it anew, as MP4 or MKV.",
            f"{before_s:.3f} s, then {after_s:.3f} s",
        )


def _duration(timeline: _Timeline, declared_s: float, audio: Sequence[AudioFacts]) -> float:
    sound_s = max((track.end_s for track in audio), default=0.0)
    seen_s = max(timeline.end_s, sound_s if sound_s > timeline.end_s + 0.5 else 0.0)
    return seen_s if timeline.complete else max(seen_s, declared_s)


def _check_duration(seen_s: float, declared_s: float, timeline: _Timeline, order: dict[str, Any]) -> None:
    if not 0 < max(seen_s, declared_s) <= _LONGEST_S:
        raise Rejected(
            "absurd_duration",
            "The length this file claims makes no sense.",
            f"{seen_s:.3f} s seen, {declared_s:.3f} s",
        )
    if timeline.complete and seen_s < declared_s - max(3.0, declared_s * 0.05):
        raise Rejected(
            "truncated",
            f"This file is cut off: it claims {declared_s:.0f} seconds but ends after {seen_s:.0f}.",
            f"{seen_s:.3f} s of {declared_s:.3f} s",
        )
    limit_s = order["max_duration_s"]
    if seen_s > limit_s:
        raise Rejected(
            "too_long", f"The video is {seen_s / 60:.0f} minutes long; {limit_s / 60:.0f} are allowed."
        )


def _video(
    stream: VideoStream, frames: list[VideoFrame], timeline: _Timeline, rate: Rate, duration_s: float
) -> VideoFacts:
    context, frame = stream.codec_context, frames[0]
    rotation = round(-(frame.rotation or 0) / 90) * 90 % 360
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1)
    aspect = aspect if Fraction(1, 16) <= aspect <= 16 else Fraction(1)
    width, height = max(2, round(frame.width * aspect)), frame.height
    if rotation in (90, 270):
        width, height = height, width
    keys = timeline.keys_s
    edges = [*keys, duration_s]
    gap_s = max((b - a for a, b in pairwise(edges)), default=duration_s)
    return VideoFacts(
        stream_index=stream.index,
        codec=context.codec.canonical_name if hasattr(context.codec, "canonical_name") else context.name,
        profile=str(context.profile or ""),
        level=int(getattr(context, "level", 0) or 0),
        width=width,
        height=height,
        coded_width=frame.width,
        coded_height=frame.height,
        rotation=rotation,
        fps=rate.fps,
        variable_fps=rate.variable,
        pixel_format=frame.format.name,
        bit_depth=max(part.bits for part in frame.format.components),
        interlaced=any(seen.interlaced_frame for seen in frames),
        colour_primaries=_PRIMARIES.get(int(frame.color_primaries), ""),
        colour_transfer=_TRANSFERS.get(int(frame.color_trc), ""),
        colour_space=_SPACES.get(int(frame.colorspace), ""),
        colour_range=_RANGES.get(int(frame.color_range), ""),
        start_s=round(timeline.times_s[0], 6),
        end_s=round(timeline.end_s, 6),
        key_frame_times_s=tuple(round(at, 6) for at in keys[:_MAX_KEY_FRAMES]),
        key_frames_complete=timeline.complete and len(keys) < _MAX_KEY_FRAMES,
        max_key_gap_s=round(gap_s, 6),
        hidden_start=timeline.hidden_start,
    )


def _sound(container: InputContainer) -> list[AudioStream]:
    return [stream for stream in container.streams.audio if _decodable(stream)][:_MAX_AUDIO]


def _decodable(stream: AudioStream) -> bool:
    context = stream.codec_context
    return context is not None and context.sample_rate > 0 and context.channels > 0


def _audio(stream: AudioStream, zero_s: float, spans: dict[int, tuple[float, float]]) -> AudioFacts:
    context = stream.codec_context
    base = stream.time_base or Fraction(1, 48_000)
    if stream.index in spans:
        start_s, end_s = spans[stream.index]
    else:
        # The index knows the packets before zero, which the stream's own start time leaves out.
        first = stream.index_entries[0].timestamp if len(stream.index_entries) else stream.start_time or 0
        start_s = float(first * base) - zero_s
        end_s = start_s + float((stream.duration or 0) * base)
    language = stream.language
    return AudioFacts(
        stream_index=stream.index,
        codec=context.name.removesuffix("_fixed").removesuffix("float"),
        profile=str(context.profile or ""),
        channels=context.channels,
        sample_rate=context.sample_rate,
        language=language if language and language != "und" else None,
        title=(stream.metadata.get("title") or stream.metadata.get("handler_name") or "")[:100] or None,
        start_s=round(start_s, 6),
        end_s=round(end_s, 6),
    )


def _fraction(value: Fraction | None) -> Fraction | None:
    return Fraction(value) if value else None


if __name__ == "__main__":
    main()

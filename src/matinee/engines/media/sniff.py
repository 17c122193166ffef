"""Which container a file is, by its first bytes alone.

The answer names the one demuxer that may open the file, so no demuxer that follows names or addresses inside
a file (playlists, concatenations, image patterns, session descriptions) is ever chosen. Never opens what a
file points to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matinee.engines.media.tools import Rejected

_HEAD_BYTES = 4096
_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
_FOLLOWS = (
    (b"ffconcat", "a concatenation list"),
    (b"#extm3u", "an HLS playlist"),
    (b"<mpd", "a DASH manifest"),
    (b"<smoothstreamingmedia", "a Smooth Streaming manifest"),
    (b"<smil", "a SMIL playlist"),
    (b"<asx", "an ASX playlist"),
    (b"[playlist]", "a playlist"),
    (b"[reference]", "a reference list"),
    (b"v=0", "a session description"),
    (b"rtsptext", "a redirection"),
    (b"smptvmd", "a reference list"),
    (b"; mmv", "a reference list"),
)
_KNOWN_OTHERS = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"8BPS", "a picture"),
    (b"%PDF", "a document"),
    (b"PK\x03\x04", "an archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"ID3", "sound without a picture"),
    (b"fLaC", "sound without a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_FTYP_PICTURES = {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"jxl "}
_MOV_ATOMS = {
    b"moov",
    b"mdat",
    b"free",
    b"skip",
    b"wide",
    b"pnot",
    b"uuid",
    b"ftyp",
    b"styp",
    b"sidx",
    b"moof",
}


@dataclass(frozen=True, slots=True)
class Container:
    """`demuxer` is ffmpeg's name for the reader, `name` a word for people."""

    demuxer: str
    name: str


def sniff(path: Path) -> Container:
    """Raises Rejected: not_a_video, names_other_files or no_picture."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\x00"):
        raise Rejected("not_a_video", "The file is empty." if not head else "The file holds only zeros.")
    container = _by_magic(head)
    if container is not None:
        return container
    _refuse(head)
    raise Rejected(
        "not_a_video", "This is not a video file that we know.", f"first bytes {head[:16].hex(' ')}"
    )


def _by_magic(head: bytes) -> Container | None:
    if head[4:8] in _MOV_ATOMS and int.from_bytes(head[:4], "big") not in range(2, 8):
        if head[4:8] == b"ftyp" and head[8:12] in _FTYP_PICTURES:
            raise Rejected("not_a_video", "This is a picture, not a video.", f"brand {head[8:12]!r}")
        return Container("mov", "QuickTime" if head[8:12] == b"qt  " or head[4:8] != b"ftyp" else "MP4")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return Container("matroska", "WebM" if b"webm" in head[:64] else "Matroska")
    if head.startswith(b"RIFF") and head[8:12] in (b"AVI ", b"AVIX"):
        return Container("avi", "AVI")
    if head.startswith(b"FLV") and head[3:4] in b"\x01\x02\x03\x04\x05":
        return Container("flv", "Flash video")
    if head.startswith(b"OggS"):
        return Container("ogg", "Ogg")
    if head.startswith(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")):
        return Container("asf", "Windows Media")
    if head.startswith(b"\x00\x00\x01\xba"):
        return Container("mpeg", "MPEG program stream")
    if head.startswith(b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"):
        return Container("mxf", "MXF")
    if head.startswith(b".RMF"):
        return Container("rm", "RealMedia")
    if head.startswith(b"DKIF"):
        return Container("ivf", "IVF")
    if head.startswith(b"YUV4MPEG2 "):
        return Container("yuv4mpegpipe", "YUV4MPEG")
    if head.startswith(b"nut/multimedia container\x00"):
        return Container("nut", "NUT")
    if head.startswith(b"\x00\x00\x01\xb3"):
        return Container("mpegvideo", "MPEG video")
    for size, first in _TS_PACKETS:
        at = range(first, min(len(head), first + 8 * size), size)
        if len(at) >= 5 and all(head[i] == 0x47 for i in at):
            return Container("mpegts", "MPEG transport stream")
    return None


def _refuse(head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, what in _FOLLOWS:
        if text.startswith(mark) or (mark.startswith(b"<") and text.startswith(b"<") and mark in text):
            raise Rejected(
                "names_other_files",
                f"This is {what}, a text that only points to other files. Send the video itself.",
                f"starts with {head[:40]!r}",
            )
    for mark, what in _KNOWN_OTHERS:
        if head.startswith(mark):
            raise Rejected(
                "not_a_video", f"This is {what}, not a video.", f"first bytes {head[:16].hex(' ')}"
            )
    if head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"WEBP"):
        what = "sound without a picture" if head[8:12] == b"WAVE" else "a picture"
        raise Rejected("not_a_video", f"This is {what}, not a video.", "RIFF " + repr(head[8:12]))
    printable = sum(byte in b"\t\n\r\f" or 32 <= byte < 127 or byte >= 0x80 for byte in head)
    if printable == len(head):
        if b"%0" in head[:200] or b"%d" in head[:200]:
            raise Rejected(
                "names_other_files",
                "This is a pattern that only points to other files. Send the video itself.",
                f"starts with {head[:40]!r}",
            )
        raise Rejected("not_a_video", "This is a text, not a video.", f"starts with {head[:40]!r}")

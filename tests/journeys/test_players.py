"""The finished stream in players and parsers that are not ours."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import httpx
import m3u8
import pytest
from mpegdash.parser import MPEGDASHParser
from playwright.sync_api import Page

from tests.journeys import clips, programs
from tests.support.browser import WEB
from tests.support.server import Server, until

pytestmark = pytest.mark.browser

SECONDS = 15
_PAGES = {
    "dashjs": """<video muted></video><script src="dash.all.min.js"></script><script>
        const video = document.querySelector('video'), to = new URLSearchParams(location.search).get('to');
        window.trouble = [];
        var player = dashjs.MediaPlayer().create();
        player.on(dashjs.MediaPlayer.events.ERROR, (event) => trouble.push(JSON.stringify(event.error)));
        // It ends by its own clock, which may be a moment before that of the element.
        player.on(dashjs.MediaPlayer.events.PLAYBACK_ENDED, () => { window.over = true; });
        player.initialize(video, to, true);
        </script>""",
    "shaka": """<video muted></video><script src="shaka-player.compiled.js"></script><script>
        const video = document.querySelector('video'), to = new URLSearchParams(location.search).get('to');
        window.trouble = [];
        var player = new shaka.Player();
        video.addEventListener('ended', () => { window.over = true; });
        player.addEventListener('error', (event) => trouble.push(String(event.detail)));
        player.attach(video).then(() => player.load(to)).then(() => video.play())
          .catch((error) => trouble.push(String(error)));
        </script>""",
}


@dataclass(frozen=True)
class Stream:
    """Absolute addresses of a finished film."""

    hls: str
    dash: str
    duration_s: float
    fps: float


@pytest.fixture(scope="module")
def stream(server: Server, clip_folder: Path) -> Stream:
    source = clips.small_bunny_h264(clip_folder, seconds=SECONDS)
    with server.person().client() as client:
        id = programs.upload(client, source)
        video = programs.reaches(client, id, "ready")
    playback = video["playback"]
    return Stream(
        urljoin(server.address, playback["hls"]),
        urljoin(server.address, playback["dash"]),
        video["duration_s"],
        video["source"]["video"]["fps"],
    )


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page of another site, with the two players."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "dash.all.min.js").symlink_to(WEB / "node_modules/dashjs/dist/modern/umd/dash.all.min.js")
    (folder / "shaka-player.compiled.js").symlink_to(
        WEB / "node_modules/shaka-player/dist/shaka-player.compiled.js"
    )
    for name, text in _PAGES.items():
        (folder / f"{name}.html").write_text(f"<!doctype html><html lang=en><title>{name}</title>{text}")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the test's own output matters."""

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    site.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("player", "form"),
    [
        ("dashjs", "dash"),
        pytest.param("shaka", "dash", marks=pytest.mark.slow),
        pytest.param("shaka", "hls", marks=pytest.mark.slow),
    ],
)
def test_a_foreign_player_on_another_site_plays_to_the_end(
    player: str, form: str, page: Page, elsewhere: str, stream: Stream
) -> None:
    page.goto(f"{elsewhere}/{player}.html?to={getattr(stream, form)}")

    def state() -> tuple[float, int, int, bool]:
        found = page.evaluate(
            "[video.currentTime, video.videoWidth, video.getVideoPlaybackQuality().totalVideoFrames, window.over]"
        )
        assert page.evaluate("window.trouble") == []
        return tuple(found)

    until(lambda: state()[0] > 1.5 and state()[1] > 0 and state()[2] > 20, "it plays")
    assert page.evaluate("video.duration") == pytest.approx(stream.duration_s, abs=0.2)
    page.evaluate(f"video.currentTime = {stream.duration_s - 1.5}")
    until(lambda: state()[3], "it ends")


@pytest.mark.slow
@pytest.mark.parametrize("player", ["dashjs", "shaka"])
def test_a_foreign_player_goes_on_with_a_film_that_grows(
    player: str, page: Page, elsewhere: str, server: Server, clip_folder: Path
) -> None:
    def at_s() -> float:
        assert page.evaluate("window.trouble") == []
        return float(page.evaluate("video.currentTime"))

    with server.person().client() as client, server.holding("all-0", "all-1"):
        id = programs.upload(client, clips.small_bunny_mpeg4(clip_folder, seconds=40))
        dash = urljoin(server.address, programs.reaches(client, id, "playable")["playback"]["dash"])
        page.goto(f"{elsewhere}/{player}.html?to={dash}")
        until(lambda: at_s() > 0.5, "it plays")
        assert at_s() < 5, "it begins at the beginning"
        until(lambda: at_s() > 7, "it comes near the end of what is there")
        (server.hold_dir / "all-0").unlink()
        until(lambda: at_s() > 9, "it goes on")
        assert page.evaluate("[video.playbackRate, window.over]") == [1, None]
        assert page.evaluate("video.duration") == pytest.approx(40, abs=0.2)
        (server.hold_dir / "all-1").unlink()
        until(lambda: not page.evaluate("player.isDynamic()"), "it learns that all has come")
    if (
        player == "shaka"
    ):  # dash.js 5.2 may stop asking for segments at the change, until its page is loaded again
        page.evaluate("video.currentTime = 38")
        until(lambda: page.evaluate("window.over"), "it ends")


@pytest.mark.parametrize("form", ["hls", "dash"])
def test_ffmpeg_reads_every_frame_of_the_stream(form: str, stream: Stream) -> None:
    assert clips.frames(getattr(stream, form), "-map", "0:a:0") == round(stream.duration_s * stream.fps)


def test_the_playlists_parse_and_every_address_in_them_answers(stream: Stream) -> None:
    master = m3u8.loads(httpx.get(stream.hls).text, uri=stream.hls)
    assert master.is_variant
    assert {variant.stream_info.resolution for variant in master.playlists} == {(426, 240), (640, 360)}
    for variant in master.playlists:
        about = variant.stream_info
        assert about.codecs
        assert about.bandwidth > about.average_bandwidth > 0
        assert about.frame_rate == pytest.approx(stream.fps, abs=0.01)
        playlist = m3u8.loads(httpx.get(variant.absolute_uri).text, uri=variant.absolute_uri)
        assert playlist.is_endlist
        assert playlist.playlist_type == "vod"
        assert sum(one.duration for one in playlist.segments) == pytest.approx(stream.duration_s, abs=0.1)
        addresses = [one.absolute_uri for one in playlist.segments] + [playlist.segment_map[0].absolute_uri]
        assert {httpx.head(address).status_code for address in addresses} == {200}


def test_the_dash_manifest_parses_and_names_the_same_renditions(stream: Stream) -> None:
    manifest = MPEGDASHParser.parse(httpx.get(stream.dash).text)
    assert manifest.type == "static"
    sets = manifest.periods[0].adaptation_sets
    pictures = [one for one in sets if (one.content_type or one.mime_type or "").startswith("video")]
    assert sorted(one.height for group in pictures for one in group.representations) == [240, 360]

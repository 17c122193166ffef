"""What the machine under the house must have: Python, ffmpeg and its encoders, parsers, disk, settings, secrets.

Needs no database and no running house, and changes nothing outside a temporary folder.
"""

import asyncio
import difflib
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from matinee.entrypoints.cli.finding import Finding
from matinee.infra.process import network_can_be_cut, run
from matinee.kernel.secret_files import readable_by_others, secret_files
from matinee.kernel.settings import HouseSettings
from matinee.kernel.shipped import shipped

LEAST_PYTHON = (3, 11)
LOW_DISK_BYTES = 5_000_000_000
_ENCODE_S = 60.0
# Read by `make`, not by the house.
_OF_MAKE = {"MATINEE_PYTHON", "MATINEE_NODE"}
_SECRETS = ("cli-token", "media-key", "secret", "postgres/passwords.json")
_SECRET_WORDS = ("PASSWORD", "KEY", "TOKEN", "SECRET", "DATABASE_URL")


def python() -> Finding:
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < LEAST_PYTHON:
        return Finding.fail("python", said, "Install Python 3.11 or newer and run `make run` again.")
    if not sys.platform.startswith("linux"):
        return Finding.warn(
            "python", said, "Matinee is made for Linux: elsewhere child processes are less confined."
        )
    return Finding.ok("python", said)


def ffmpeg(chosen: Path | None) -> Iterator[Finding]:
    """Its version, and a second of H.264 and AAC really encoded."""
    mend = "Run `make run` again, or name a working ffmpeg in MATINEE_FFMPEG."
    try:
        if chosen is None:
            import imageio_ffmpeg

            program = Path(imageio_ffmpeg.get_ffmpeg_exe())
        else:
            program = chosen
        version = asyncio.run(run([program, "-version"], wall_s=30))
    except (ImportError, RuntimeError, OSError) as error:
        yield Finding.fail("ffmpeg", f"It cannot be started: {error}.", mend)
        return
    words = version.stdout.decode(errors="replace").split()
    if not version.ok or words[:2] != ["ffmpeg", "version"]:
        yield Finding.fail(
            "ffmpeg", f"{program} is no ffmpeg that runs here: {_last_line(version.tail)}", mend
        )
        return
    yield Finding.ok("ffmpeg", f"{words[2]} ({program})")
    yield _encoders(program, mend)


def _encoders(program: Path, mend: str) -> Finding:
    with tempfile.TemporaryDirectory(prefix="matinee-doctor-") as folder:
        ended = asyncio.run(
            run(
                [
                    *(program, "-hide_banner", "-v", "error", "-nostdin"),
                    *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1"),
                    *("-f", "lavfi", "-i", "sine=duration=1"),
                    *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac"),
                    *("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "film.mp4"),
                ],
                cwd=Path(folder),
                wall_s=_ENCODE_S,
            )
        )
        size_bytes = os.path.getsize(Path(folder, "film.mp4")) if ended.ok else 0
    if size_bytes < 1000:
        return Finding.fail("encoder", f"H.264 and AAC do not encode: {_last_line(ended.tail)}", mend)
    return Finding.ok("encoder", f"one second of H.264 and AAC encoded in {ended.seconds:.1f} s")


def parsers() -> Iterator[Finding]:
    """What reads strangers' files, and whether the kernel helps to keep it apart."""
    mend = "Run `make run` again: it installs what is missing."
    try:
        import av
        from PIL import features

        yield Finding.ok("parser", f"PyAV {av.__version__}")
        lacking = [name for name in ("avif", "webp", "jpg") if not features.check(name)]
        if lacking:
            yield Finding.fail("pictures", f"Pillow lacks {', '.join(lacking)}.", mend)
        else:
            yield Finding.ok("pictures", "AVIF, WebP and JPEG")
    except ImportError as error:
        yield Finding.fail("parser", f"It cannot be loaded: {error}.", mend)
    if network_can_be_cut():
        yield Finding.ok("isolation", "children that read strangers' files run without a network")
    else:
        yield Finding.warn(
            "isolation",
            "This kernel lets no child run without a network: ffmpeg keeps to its protocol list alone.",
            "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or keep the house off inner networks.",
        )


def disk(house: HouseSettings, reserve_bytes: int) -> Finding:
    """`reserve_bytes` is what uploads never use up."""
    space = shutil.disk_usage(_nearest(house.data_dir))
    said = f"{space.free / 1e9:.1f} of {space.total / 1e9:.1f} GB free for {house.data_dir}"
    mend = "Free some space, or move MATINEE_DATA_DIR to a larger disk."
    if space.free <= reserve_bytes:
        return Finding.fail("disk", f"{said}; uploads need more than {reserve_bytes / 1e9:.1f} GB.", mend)
    if space.free < LOW_DISK_BYTES:
        return Finding.warn("disk", said, mend)
    return Finding.ok("disk", said)


def data_folder(house: HouseSettings) -> Finding:
    """The folder itself, before a first start too."""
    if not house.data_dir.exists():
        parent = _nearest(house.data_dir)
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            return Finding.fail(
                "data folder",
                f"{house.data_dir} does not exist, and {parent} may not be written.",
                "Set MATINEE_DATA_DIR to a folder of yours.",
            )
        return Finding.ok("data folder", f"{house.data_dir} will be made at the first start")
    if not house.data_dir.is_dir() or not os.access(house.data_dir, os.W_OK | os.X_OK):
        return Finding.fail(
            "data folder",
            f"{house.data_dir} may not be written.",
            "Give it to the user that runs Matinee, or set MATINEE_DATA_DIR to another folder.",
        )
    note = house.data_dir / "restore-unfinished"
    if note.exists():
        return Finding.fail(
            "data folder",
            "A restore was killed before its end.",
            f"Run it again: `matinee restore --force {note.read_text(errors='replace').strip()}`.",
        )
    return Finding.ok("data folder", str(house.data_dir))


def _nearest(path: Path) -> Path:
    return next((folder for folder in (path, *path.parents) if folder.exists()), Path("/"))


def unknown_settings(known: set[str], environment: Mapping[str, str], env_file: Path) -> Iterator[Finding]:
    """Variables that look like ours and are read by nobody."""
    known = known | _OF_MAKE
    places = [("the environment", name) for name in environment]
    lines = _lines(env_file)
    places += [(str(env_file), _name(line)) for line in lines]
    wrong = 0
    for place, name in places:
        if not name.upper().startswith("MATINEE_") or name.upper() in known:
            continue
        wrong += 1
        # Without what all have in common, which would make everything look alike.
        names = sorted(setting.removeprefix("MATINEE_") for setting in known)
        near = difflib.get_close_matches(name.upper().removeprefix("MATINEE_"), names, 1, 0.6)
        mend = (
            f"Did you mean MATINEE_{near[0]}?" if near else "Remove it, or look it up in `matinee settings`."
        )
        yield Finding.warn("settings", f"{name} in {place} is no setting.", mend)
    secrets = [
        line for line in lines if any(word in line.partition("=")[0].upper() for word in _SECRET_WORDS)
    ]
    if secrets and env_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        wrong += 1
        yield Finding.warn(
            "settings", f"{env_file} holds a secret, and other users may read it.", f"chmod 600 '{env_file}'"
        )
    if not wrong:
        yield Finding.ok("settings", "every MATINEE_ variable is known")


def _name(line: str) -> str:
    """Of the setting in a line of `.env`."""
    return line.partition("=")[0].removeprefix("export ").strip()


def _lines(env_file: Path) -> list[str]:
    try:
        text = env_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#")]


def secrets(house: HouseSettings, weak: list[str]) -> Iterator[Finding]:
    """Files that nobody else may read, and settings that nobody may guess."""
    found = 0
    for sentence in weak:
        yield Finding.warn("secrets", sentence, "Outside this machine the house does not start with it.")
    for name in _SECRETS:
        path = house.data_dir / name
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        if mode & 0o077:
            yield Finding.fail("secrets", f"{path} has mode {mode:04o}.", f"chmod 600 '{path}'")
        else:
            found += 1
    if found:
        yield Finding.ok("secrets", f"{found} file{'s' if found > 1 else ''}, readable by their owner alone")


def handed_secrets(
    house: HouseSettings, known: set[str], environment: Mapping[str, str], env_file: Path
) -> Iterator[Finding]:
    """Secrets in files of MATINEE_SECRETS_DIR. `known`: the settings that may come from there."""
    if house.secrets_dir is None:
        return
    taken = 0
    winners = {_name(line).upper(): str(env_file) for line in _lines(env_file)}
    winners |= {name.upper(): "the environment" for name in environment}
    for name, file in secret_files(house.secrets_dir).items():
        if name.upper() not in known:
            yield Finding.warn(
                "secrets", f"{file} is no secret of the settings.", "Correct its name, or remove it."
            )
        elif winner := winners.get(name.upper()):
            yield Finding.warn("secrets", f"{file} is not used: {winner} holds it, too.", "Keep one of both.")
        elif readable_by_others(file):
            yield Finding.warn("secrets", f"Others on this machine may read {file}.", f"chmod 400 '{file}'")
        else:
            taken += 1
    if taken:
        yield Finding.ok("secrets", f"{taken} from files of {house.secrets_dir}")


def proxy(house: HouseSettings) -> Iterator[Finding]:
    """The house itself speaks no TLS: behind https stands a proxy, and limits per address need its word."""
    if house.address.startswith("https://") and not house.proxies:
        yield Finding.warn(
            "proxy",
            "People come by https, and no proxy is named: all of them count as one address.",
            "Set MATINEE_TRUSTED_PROXIES to the address of the proxy.",
        )


def web_build(house: HouseSettings, *, alone: bool) -> Finding:
    """`alone`: this machine is the whole house, so it serves."""
    folder = house.web_dir or shipped("web/dist")
    if not (folder / "index.html").is_file() or not any((folder / "assets").glob("*.js")):
        mend = "Run `make run`, which builds it, or set MATINEE_WEB_DIR."
        if alone or house.web_dir is not None:
            return Finding.fail("web client", f"It is not built in {folder}.", mend)
        return Finding.warn("web client", f"It is not built in {folder}: well where nothing serves.", mend)
    return Finding.ok("web client", str(folder))


def _last_line(tail: str) -> str:
    lines = tail.strip().splitlines()
    return lines[-1] if lines else "it said nothing."

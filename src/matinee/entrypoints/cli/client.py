"""The command as a client: which server, which token, and requests that outlast a server that is away for a while.

Never sends the token of one server to another.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import Field, SecretStr

import matinee
from matinee.kernel.errors import Invalid, MatineeError, NotSignedIn, Unavailable
from matinee.kernel.settings import Concern, HouseSettings

CLI_TOKEN_FILE = "cli-token"
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
T = TypeVar("T")


class ClientSettings(Concern):
    """The command as a client of this or another house."""

    server: str | None = Field(
        None, description="Address that `upload` and `login` talk to. Default: the house of this folder."
    )
    token: SecretStr | None = Field(
        None, description="Token that the command presents, instead of the one kept by `matinee login`."
    )
    patience_s: float = Field(
        60,
        ge=0,
        le=86_400,
        description="Seconds that the command keeps trying while a server does not answer.",
    )


class Unreachable(Unavailable):
    """The server stayed away longer than we were ready to wait."""

    code = "cli.unreachable"
    exit_code = 3


class Answered(MatineeError):
    """The server refused; `status` and `problem_code` say how, `detail` is its own sentence."""

    code = "cli.refused"

    def __init__(self, status: int, problem_code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.problem_code = problem_code


def origin(address: str) -> str:
    """`scheme://host[:port]` of an address, lower case. Raises `Invalid`."""
    text = address if "://" in address else f"https://{address}"
    parts = urlsplit(text)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ":"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == ":":
        raise Invalid(f"{address} is not the address of a server, such as https://films.example.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}".lower()


def server_address(given: str | None) -> str:
    """The server that is meant: the option, else MATINEE_SERVER, else the house of this folder."""
    return origin(given or ClientSettings().server or HouseSettings().address)


def token_for(server: str) -> str:
    """MATINEE_TOKEN, else what `matinee login` kept for `server`, else, for the house of this very machine, the
    token that it wrote into its data folder. Raises `NotSignedIn`, and `Unreachable` when nobody is there at all."""
    given = ClientSettings().token
    if given is not None:
        return given.get_secret_value()
    kept, local = _kept_tokens().get(server), _local_token(server)
    if isinstance(kept, str) and (local is None or _is_good(server, kept)):
        return kept
    if local is not None:
        return local
    if not _is_there(server):
        raise Unreachable(f"{server} does not answer: is Matinee running?")
    raise NotSignedIn(f"You are not signed in at {server}: run `matinee login {server}`.")


def _local_token(server: str) -> str | None:
    house = HouseSettings()
    here = {f"http://{name}:{house.port}" for name in ("localhost", "127.0.0.1", "[::1]")}
    if server in here | {origin(house.address)}:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (house.data_dir / CLI_TOKEN_FILE).read_text(encoding="ascii").strip() or None
    return None


def _is_good(server: str, token: str) -> bool:
    """Whether a kept token still opens the house of this machine, which may be another than it was."""
    try:
        answer = httpx.get(f"{server}/api/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    except httpx.HTTPError:
        return True  # whoever asks next says that the server is away
    return answer.status_code != 401


def _is_there(server: str) -> bool:
    try:
        httpx.get(f"{server}/health/live", timeout=5)
    except httpx.HTTPError:
        return False
    return True


def keep_token(server: str, token: str) -> Path:
    """Remember the token of `server` in a file that only this user reads. Returns the file."""
    path = _tokens_file()
    write_privately(path, json.dumps(_kept_tokens() | {server: token}, indent=1))
    return path


def _tokens_file() -> Path:
    return user_folder("XDG_CONFIG_HOME", ".config") / "tokens.json"


def _kept_tokens() -> dict[str, Any]:
    try:
        found = json.loads(_tokens_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def user_folder(variable: str, default: str) -> Path:
    """Matinee's own folder below the user's one for configuration or state (XDG base directories)."""
    base = os.environ.get(variable, "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / default) / "matinee"


def write_privately(path: Path, text: str) -> None:
    """Whole or not at all, readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


class Client:
    """Requests to one server."""

    def __init__(self, server: str, token: str | None, *, patience_s: float | None = None) -> None:
        self.server = server
        self.patience_s = ClientSettings().patience_s if patience_s is None else patience_s
        headers = {"User-Agent": f"matinee/{matinee.__version__}"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        timeout = httpx.Timeout(30, connect=10, write=30, pool=10)
        self.http = httpx.Client(base_url=server, headers=headers, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def json(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON, tried again while the server is away. Only for requests that may be made twice, or whose
        double does no harm. Raises `Answered`, `NotSignedIn`, `Unreachable`."""
        response = self.patiently(lambda: checked(self.http.request(method, path, json=body)))
        return response.json() if response.content else None

    def patiently(self, attempt: Callable[[], T], progressed: Callable[[], int] = lambda: 0) -> T:
        """The outcome of `attempt`, repeated with growing pauses while the server does not answer or is busy. Time
        starts anew whenever `progressed()` has changed. Raises `Unreachable` after `patience_s`."""
        seen, since = progressed(), time.monotonic()
        for pause_s in _pauses():
            try:
                return attempt()
            except Busy as error:
                trouble = f"{self.server} cannot do this now: {error}"
            except httpx.TransportError as error:
                trouble = f"{self.server} does not answer ({str(error) or type(error).__name__})."
            if progressed() != seen:
                seen, since = progressed(), time.monotonic()
            if time.monotonic() - since >= self.patience_s:
                raise Unreachable(f"{trouble} Run the same command again later.")
            time.sleep(min(pause_s, max(0.05, self.patience_s)))
        raise AssertionError


class Busy(Exception):
    """The server answers that it cannot now; try again."""


def checked(response: httpx.Response) -> httpx.Response:
    """The same response when it succeeded. Raises `Busy`, `NotSignedIn` or `Answered` otherwise."""
    if response.is_success:
        return response
    try:
        problem = response.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "", f"The server answered {response.status_code} {response.reason_phrase}."
    if response.status_code in (408, 423, 429, 502, 503, 504):
        raise Busy(detail)
    if response.status_code == 401:
        raise NotSignedIn(f"{detail} Run `matinee login {origin(str(response.url))}`.")
    raise Answered(response.status_code, code, detail)


def _pauses() -> Iterator[float]:
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(LONGEST_PAUSE_S, pause_s * 1.7)

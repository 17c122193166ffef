"""`matinee login URL`: lets this command act for an account of another house, confirmed in a browser there.

Never sees a password.
"""

import os
import socket
import sys
import time
from typing import Annotated
from urllib.parse import urlsplit

import typer

from matinee.entrypoints.cli.client import Answered, Client, keep_token, server_address

_SCOPES = ("read", "upload", "manage")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def login(
    url: Annotated[
        str | None, typer.Argument(help="Address of the server. Default: MATINEE_SERVER, else this machine.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do: read, upload, manage, account, operate. Default: the first three."
        ),
    ] = None,
) -> None:
    """Sign this command in: shows a code, waits until you approve it in the browser, keeps the token."""
    server = server_address(url)
    parts = urlsplit(server)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        typer.echo(f"Careful: the way to {server} is not encrypted.", err=True)
    name = f"matinee command on {socket.gethostname()}"[:80]
    with Client(server, None) as client:
        asked = client.json("POST", "/api/v1/device", {"client_name": name, "scopes": scope or list(_SCOPES)})
        typer.echo(f"Open {asked['verification_uri_complete']}")
        typer.echo(f"and approve the code {asked['user_code']}.")
        sys.stdout.flush()
        token = _wait(client, asked)
    path = keep_token(server, token)
    typer.echo(f"Signed in at {server}. The token is kept in {_short(str(path))}.")


def _wait(client: Client, asked: dict[str, object]) -> str:
    deadline = time.monotonic() + float(str(asked["expires_in_s"]))
    while time.monotonic() < deadline:
        time.sleep(max(0.1, float(str(asked["interval_s"]))))
        try:
            answer = client.json("POST", "/api/v1/device/token", {"device_code": asked["device_code"]})
            return str(answer["token"])
        except Answered as error:
            if error.problem_code != "accounts.device_pending":
                typer.echo(error.detail, err=True)
                raise typer.Exit(1) from None
    typer.echo("The code was not approved in time. Run the command again.", err=True)
    raise typer.Exit(1)


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return path.replace(home, "~", 1) if path.startswith(home + os.sep) else path

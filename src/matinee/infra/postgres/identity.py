"""As whom the server runs: PostgreSQL refuses to be root.

Never creates a user and never opens a folder that is not the data folder itself.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matinee.infra.postgres.binaries import Binaries, PostgresError

NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """`uid` owns the server's files; `prefix` comes before a command, `switch` are arguments of `Popen`."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False

    def popen(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def give(self, path: Path) -> None:
        """Hand one file or folder of ours to the server's user."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def choose(binaries: Binaries, home: Path, cluster: Path) -> Identity:
    """The owner of an existing cluster; else, for root, user `matinee`, nobody, or root inside a user namespace.

    The namespace serves where the other users cannot reach the data folder, such as below /root.
    """
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid())
    if cluster.exists():
        owner = cluster.stat()
        wanted = [(owner.st_uid, owner.st_gid)] if owner.st_uid else []
    else:
        wanted = [_service_user()]
    for uid, gid in wanted:
        if _runs(binaries, Identity(uid, gid, switch=True), home):
            return Identity(uid, gid, switch=True)
    inside = Identity(0, 0, prefix=("unshare", "--user", f"--map-user={NOBODY}"))
    if not (cluster.exists() and wanted) and _runs(binaries, inside, home):
        return inside
    names = " or ".join(f"user {uid}" for uid, _ in wanted) or "root in a user namespace"
    raise PostgresError(
        f"PostgreSQL does not run as root, and {names} cannot use {home}. Start as a normal user, or set "
        "MATINEE_DATA_DIR to a folder that everybody may enter, such as /var/lib/matinee."
    )


def _service_user() -> tuple[int, int]:
    try:
        user = pwd.getpwnam("matinee")
    except KeyError:
        return NOBODY, NOBODY
    return user.pw_uid, user.pw_gid


def _runs(binaries: Binaries, identity: Identity, home: Path) -> bool:
    """Whether that identity may execute the server and enter `home`."""
    script = 'cd "$1" && exec "$2" --version'
    program = binaries.program("postgres")
    command: list[str | Path] = [
        *identity.prefix,
        "/bin/sh",
        "-c",
        script,
        "sh",
        home,
        program,
    ]
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            timeout=30,
            cwd="/",
            **identity.popen(),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0

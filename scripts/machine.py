"""Says in one sentence what this machine lacks. Never installs anything."""

import importlib.util
import os
import platform
import shutil
import sys

_ARCHITECTURES = ("x86_64", "aarch64", "arm64")
_GLIBC = (2, 28)


class Missing(Exception):
    """Something that only the machine's owner can add; the sentence names it and how to get it."""


def check() -> None:
    """Raises `Missing` for the first thing that is not there."""
    if not sys.platform.startswith("linux") or platform.machine() not in _ARCHITECTURES:
        raise Missing(
            f"Matinee runs on Linux on x86-64 or arm64, and this is {platform.system()} on {platform.machine()}."
        )
    libc = _glibc()
    if libc is None or libc < _GLIBC:
        found = "another C library" if libc is None else f"glibc {libc[0]}.{libc[1]}"
        raise Missing(
            f"Matinee needs glibc 2.28 or newer (Debian 10, Ubuntu 20.04, RHEL 8), and this has {found}."
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise Missing(f"Python's module venv is missing: install it (Debian and Ubuntu: apt install {name}).")
    if shutil.which("git") is None:
        raise Missing("git is missing: install it (Debian and Ubuntu: apt install git).")


def _glibc() -> tuple[int, int] | None:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        major, minor = version.split(".")[:2]
    except (ValueError, OSError):
        return None
    return (int(major), int(minor)) if name == "glibc" else None

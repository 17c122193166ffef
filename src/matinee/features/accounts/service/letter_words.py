"""What the letters about accounts say."""

from matinee.infra.mail.writing import Words

_NOT_YOU = "Was that not you? Then do nothing: without this letter nothing changes."


def reset(handle: str | None, link: str) -> Words:
    return Words(
        subject="Choose a new password",
        lines=(f"Somebody asked for a new password for {_who(handle)}.",),
        button=("Choose a new password", link),
        after=("The link works once, for 30 minutes. All browsers will be signed out.", _NOT_YOU),
    )


def verify(handle: str | None, address: str, link: str) -> Words:
    return Words(
        subject="Confirm your address",
        lines=(f"{address} is to be the address of {_who(handle)}.",),
        button=("Confirm this address", link),
        after=("The link works once, for two days.", _NOT_YOU),
    )


def join(link: str) -> Words:
    return Words(
        subject="Finish your account",
        lines=("Somebody asked for an account with this address.",),
        button=("Choose name and password", link),
        after=("The link works once, for two days.", _NOT_YOU),
    )


def taken(sign_in: str, forgotten: str) -> Words:
    return Words(
        subject="You have an account already",
        lines=("Somebody asked for an account with this address. You have one already: sign in with it.",),
        button=("Sign in", sign_in),
        after=(f"If you forgot the password: {forgotten}", "Was that not you? Then do nothing."),
    )


def changed(handle: str | None, forgotten: str) -> Words:
    return Words(
        subject="Your password was changed",
        lines=(f"The password of {_who(handle)} was changed just now, and other browsers were signed out.",),
        after=(
            f"Was that not you? Choose a new one at once: {forgotten}",
            "Then look in Settings whether programs hold access that you did not give.",
        ),
    )


def moved(handle: str | None, settings: str) -> Words:
    return Words(
        subject="Your address is being changed",
        lines=(
            f"Somebody who knows the password of {_who(handle)} wants another address for it.",
            "It changes once the new address is confirmed.",
        ),
        after=(f"Was that not you? Change your password now, and the address back: {settings}",),
    )


def _who(handle: str | None) -> str:
    return "your account" if handle is None else f"your account @{handle}"

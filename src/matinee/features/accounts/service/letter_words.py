"""What the letters about accounts say."""

from datetime import datetime

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


def replaced(handle: str | None) -> Words:
    return Words(
        subject="Your address was changed",
        lines=(f"{_who(handle)} has another address now; letters come to this one no more.",),
        after=("Was that not you? Write to the operator of this house at once.",),
    )


_NOTICES = {
    "session_copied": (
        "Somebody copied your sign-in",
        "A sign-in of yours at Matinee was used from two places at once, so it was ended: whoever holds the copy is"
        " out, and so is the browser that it was taken from. The second one was:",
        "If this was not you with a restored backup of your browser, choose another password.",
    ),
    "codes_guessed": (
        "Somebody knows your password",
        "Somebody signed in with your right password, and then tried one wrong code after the other:",
        "They did not get in. If this was not you, choose another password now.",
    ),
    "code_again": (
        "A code of your app came a second time",
        "A code of your app that had counted already was given again, and refused:",
        "If this was not you, somebody may have read along: choose another password now.",
    ),
    "password_known": (
        "Your password is known",
        "The password with which you signed in is in a list of common and leaked ones by now:",
        "It still works. Choose another one before somebody tries it.",
    ),
    "factor_added": (
        "A second factor was added",
        "Your account at Matinee has another second factor:",
        "If this was not you, remove it, sign out everywhere else, and choose another password.",
    ),
    "factor_removed": (
        "A second factor was removed",
        "A second factor of your account at Matinee was removed:",
        "If this was not you, sign out everywhere else, and choose another password.",
    ),
    "factors_reset": (
        "Your second factors were removed",
        "The operator removed all second factors of your account at Matinee, and ended its sign-ins:",
        "Sign in with your password, and set up a new one. How the operator made sure that it was you stands in"
        " Settings, under “What happened”. If you did not ask for this, write to the operator.",
    ),
    "link_handed_out": (
        "A link to your account was handed out",
        "The operator made a link by which a new password can be chosen for your account at Matinee:",
        "It works once, for a day. If you did not ask for it, write to the operator.",
    ),
    "passkey_copied": (
        "A passkey of yours may be copied",
        "A passkey counted backwards, as a copy of it would. It was refused:",
        "If you do not know why, remove this passkey and add a new one.",
    ),
    "token_ends": (
        "The access of a program ends soon",
        "A program or device that acts for your account at Matinee, or for a service of your house, can do so no more"
        " after this:",
        "If it is still needed, give it another access in time: in Settings, or on the page of the service.",
    ),
    "recovery_code_used": (
        "A recovery code was used",
        "One of your recovery codes was used, and works no more:",
        "If this was not you, choose another password and make new recovery codes.",
    ),
    "new_place": (
        "A sign-in from a new place",
        "Somebody signed in to your account at Matinee with a device and from a place that were not seen there together"
        " lately:",
        "Was that not you? In Settings, end it under “Where you are signed in”, and choose another password.",
    ),
    "looked_at": (
        "An operator looked through your eyes",
        "An operator of this house looked at it through your eyes, for a quarter of an hour at most, because:",
        "They saw what you see, changed nothing, and could not reach your sign-ins, factors or copies.",
    ),
}


def notice(kind: str, by: str, settings: str, *, reason: str | None = None) -> Words:
    """`reason`: what an operator gave for it."""
    subject, happened, then = _NOTICES[kind]
    lines = (happened, by) if reason is None else (happened, f"“{reason}”", by)
    return Words(subject=subject, lines=lines, button=("Look at your settings", settings), after=(then,))


def suspended(handle: str | None, reason: str, until: datetime | None, address: str) -> Words:
    ends = "An operator decides when it ends." if until is None else f"It ends by itself on {_moment(until)}."
    return Words(
        subject="Your account is suspended",
        lines=(
            f"An operator of this house suspended {_who(handle)}: nobody can sign in to it.",
            f"“{reason}”",
            f"{ends} Everything of it stays.",
        ),
        after=(f"Do you see it otherwise? Write to the operator of {address}.",),
    )


def limited(handle: str | None, reason: str, until: datetime | None, address: str) -> Words:
    ends = "An operator decides when it ends." if until is None else f"It ends by itself on {_moment(until)}."
    return Words(
        subject="Your account is limited",
        lines=(
            f"An operator of this house limited {_who(handle)}: you may look around, and keep your account, and change"
            " nothing else.",
            f"“{reason}”",
            f"{ends} What is public stays so.",
        ),
        after=(f"Do you see it otherwise? Write to the operator of {address}.",),
    )


def lifted(handle: str | None, sign_in: str) -> Words:
    return Words(
        subject="Your account is open again",
        lines=(f"An operator of this house gave {_who(handle)} back all that it could do before.",),
        button=("Sign in", sign_in),
    )


def token_made(handle: str | None, settings: str) -> Words:
    return Words(
        subject="A program may act for you",
        lines=(f"A program or device was given access to {_who(handle)} just now.",),
        button=("See what has access", settings),
        after=("Was that not you? End its access there, and choose another password.",),
    )


def leaving(until: datetime, sign_in: str) -> Words:
    return Words(
        subject="Your account will be erased",
        lines=(
            f"On {until:%d %B %Y} at {until:%H:%M} UTC your account and everything of it will be erased for good.",
            "Until then nobody sees your page or your films.",
        ),
        button=("Sign in to keep it", sign_in),
        after=("Was that not you? Sign in now, and choose another password.",),
    )


def copy_ready(handle: str | None, settings: str) -> Words:
    return Words(
        subject="The copy of your data is ready",
        lines=(f"Everything that this house keeps about {_who(handle)} can be fetched now, for a few days.",),
        button=("Fetch it in Settings", settings),
        after=("Did you not ask for it? Choose another password, and sign out everywhere else.",),
    )


def admitted(handle: str | None, sign_in: str) -> Words:
    return Words(
        subject="You are let in",
        lines=(f"An operator looked at your request: {_who(handle)} is open now.",),
        button=("Sign in", sign_in),
    )


def refused(handle: str | None, sign_in: str) -> Words:
    return Words(
        subject="Your request was refused",
        lines=(f"An operator looked at your request for {_who(handle)} and refused it.",),
        button=("Sign in to read why", sign_in),
        after=("In a week your account and all that you wrote are erased, or at once if you want so there.",),
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%d %B %Y at %H:%M} UTC"


def _who(handle: str | None) -> str:
    return "your account" if handle is None else f"your account @{handle}"

"""The verbs of people: the only door for other rooms.

`profiles` are joining, “me” and public faces; `directory` is what operators see of an account, `ruling` what they do
to it.
"""

from matinee.features.people.service.directory import create_service, look_up
from matinee.features.people.service.profiles import (
    TOLD,
    account_of,
    change,
    create,
    erase,
    export,
    follow_presence,
    free_handles,
    get_by_handle,
    join,
    me,
    profile_of,
    profiles_of,
    rename,
)
from matinee.features.people.service.ruling import (
    begin_leaving,
    end_leaving,
    hand_out,
    issue_service_token,
    reset_factors,
    revoke_of,
    set_quota,
    sign_out_of,
)

__all__ = [
    "TOLD",
    "account_of",
    "begin_leaving",
    "change",
    "create",
    "create_service",
    "end_leaving",
    "erase",
    "export",
    "follow_presence",
    "free_handles",
    "get_by_handle",
    "hand_out",
    "issue_service_token",
    "join",
    "look_up",
    "me",
    "profile_of",
    "profiles_of",
    "rename",
    "reset_factors",
    "revoke_of",
    "set_quota",
    "sign_out_of",
]

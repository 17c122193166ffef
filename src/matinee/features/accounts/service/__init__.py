"""The verbs of accounts: the only door for other rooms."""

from matinee.features.accounts.rules import digest, is_stand_in, new_first_password, new_secret
from matinee.features.accounts.rules.standing import suspended
from matinee.features.accounts.schemas import AccountsSettings, FactorGiven, Identity, Look
from matinee.features.accounts.service import audit
from matinee.features.accounts.service.access import TABLES as TOKEN_TABLES
from matinee.features.accounts.service.access import (
    again,
    authenticate,
    end_tokens,
    issue_service_token,
    issue_token,
    make_token,
    revoke_token,
    sign_in,
    sign_in_program,
    sign_out,
    tokens,
)
from matinee.features.accounts.service.audit import TALLY as AUDIT_TALLY
from matinee.features.accounts.service.chaining import link as link_audit
from matinee.features.accounts.service.chaining import refresh_metrics
from matinee.features.accounts.service.chaining import verify as verify_audit
from matinee.features.accounts.service.devices import (
    approve_device,
    collect_device,
    deny_device,
    device,
    start_device,
)
from matinee.features.accounts.service.directory import directory, look_up, page_of
from matinee.features.accounts.service.ending import revoke_of, sign_out_of
from matinee.features.accounts.service.factors import (
    add_passkey,
    confirm_app,
    draft_app,
    new_recovery_codes,
    passkey_options,
    remove_app,
    remove_passkey,
)
from matinee.features.accounts.service.factors import is_ready as has_factor
from matinee.features.accounts.service.factors import own as own_factors
from matinee.features.accounts.service.factors import reset as reset_factors
from matinee.features.accounts.service.gate import Gate
from matinee.features.accounts.service.holding import (
    ask_factor,
    count_holders,
    end_handed_out,
    first_owner,
    identity_of,
    set_roles,
    take_from_all,
)
from matinee.features.accounts.service.holding import check as check_roles
from matinee.features.accounts.service.leaving import (
    begin_leaving,
    dismiss,
    end_leaving,
    is_leaving,
    leave,
    leaving,
    overdue,
)
from matinee.features.accounts.service.letters import send_trial, tell_copy, tell_verdict, write_letter
from matinee.features.accounts.service.looking import LIFE as LOOK_LIFE
from matinee.features.accounts.service.looking import LOOK
from matinee.features.accounts.service.looking import STOP as STOP_LOOKING
from matinee.features.accounts.service.looking import begin as begin_look
from matinee.features.accounts.service.looking import stop as stop_looking
from matinee.features.accounts.service.looking import until as looks_until
from matinee.features.accounts.service.looking_back import acts_of, audit_log, last_backup_at, own_acts
from matinee.features.accounts.service.members import (
    change_password,
    create,
    create_service,
    erase,
    find,
    first_password_ends,
    get,
    is_open,
    let_in,
    names,
    prune,
    set_login_name,
    set_password,
    set_shown_name,
    set_theme,
    strength,
    waits,
)
from matinee.features.accounts.service.notices import tell_owner
from matinee.features.accounts.service.proof import require as require_proof
from matinee.features.accounts.service.proving import prove, prove_options
from matinee.features.accounts.service.reach import lock as lock_other
from matinee.features.accounts.service.recovery import (
    ask_join,
    ask_reset,
    ask_verification,
    change_email,
    hand_out,
    invite,
    join,
    join_letter,
    reset,
    sign_up,
    verify,
    wanted_email,
)
from matinee.features.accounts.service.refusals import TALLY as REFUSAL_TALLY
from matinee.features.accounts.service.refusals import count as count_refusals
from matinee.features.accounts.service.refusals import sum_up as sum_refusals
from matinee.features.accounts.service.required import by_settings as factor_roles
from matinee.features.accounts.service.resealing import reseal
from matinee.features.accounts.service.second_step import STEP_OVER, Ticket, alone_options, second_options
from matinee.features.accounts.service.second_step import alone as sign_in_with_passkey
from matinee.features.accounts.service.second_step import finish as sign_in_with_factor
from matinee.features.accounts.service.sessions import (
    SIGNED_OUT,
    SignedIn,
    csrf_cookie,
    end_other_sessions,
    end_session,
    end_sessions,
    open_session,
    own_sessions,
    renew,
)
from matinee.features.accounts.service.sessions import TABLES as SESSION_TABLES
from matinee.features.accounts.service.signing import alias, published_keys, rotate_keys, secret_of
from matinee.features.accounts.service.standing import (
    follow,
    lift,
    limited,
    own_standing,
    restrict,
    standing,
    with_reason,
)
from matinee.features.accounts.service.telling import TOLD, UNTOLD, export
from matinee.features.accounts.settings import LeavingSettings, TokenSettings

SECURE = "accounts.secure"
"""The permission that is left to whoever must set up a second factor first."""

__all__ = [
    "AUDIT_TALLY",
    "LOOK",
    "LOOK_LIFE",
    "REFUSAL_TALLY",
    "SECURE",
    "SESSION_TABLES",
    "SIGNED_OUT",
    "STEP_OVER",
    "STOP_LOOKING",
    "TOKEN_TABLES",
    "TOLD",
    "UNTOLD",
    "AccountsSettings",
    "FactorGiven",
    "Gate",
    "Identity",
    "LeavingSettings",
    "Look",
    "SignedIn",
    "Ticket",
    "TokenSettings",
    "acts_of",
    "add_passkey",
    "again",
    "alias",
    "alone_options",
    "approve_device",
    "ask_factor",
    "ask_join",
    "ask_reset",
    "ask_verification",
    "audit",
    "audit_log",
    "authenticate",
    "begin_leaving",
    "begin_look",
    "change_email",
    "change_password",
    "check_roles",
    "collect_device",
    "confirm_app",
    "count_holders",
    "count_refusals",
    "create",
    "create_service",
    "csrf_cookie",
    "deny_device",
    "device",
    "digest",
    "directory",
    "dismiss",
    "draft_app",
    "end_handed_out",
    "end_leaving",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "end_tokens",
    "erase",
    "export",
    "factor_roles",
    "find",
    "first_owner",
    "first_password_ends",
    "follow",
    "get",
    "hand_out",
    "has_factor",
    "identity_of",
    "invite",
    "is_leaving",
    "is_open",
    "is_stand_in",
    "issue_service_token",
    "issue_token",
    "join",
    "join_letter",
    "last_backup_at",
    "leave",
    "leaving",
    "let_in",
    "lift",
    "limited",
    "link_audit",
    "lock_other",
    "look_up",
    "looks_until",
    "make_token",
    "names",
    "new_first_password",
    "new_recovery_codes",
    "new_secret",
    "open_session",
    "overdue",
    "own_acts",
    "own_factors",
    "own_sessions",
    "own_standing",
    "page_of",
    "passkey_options",
    "prove",
    "prove_options",
    "prune",
    "published_keys",
    "refresh_metrics",
    "remove_app",
    "remove_passkey",
    "renew",
    "require_proof",
    "reseal",
    "reset",
    "reset_factors",
    "restrict",
    "revoke_of",
    "revoke_token",
    "rotate_keys",
    "second_options",
    "secret_of",
    "send_trial",
    "set_login_name",
    "set_password",
    "set_roles",
    "set_shown_name",
    "set_theme",
    "sign_in",
    "sign_in_program",
    "sign_in_with_factor",
    "sign_in_with_passkey",
    "sign_out",
    "sign_out_of",
    "sign_up",
    "standing",
    "start_device",
    "stop_looking",
    "strength",
    "sum_refusals",
    "suspended",
    "take_from_all",
    "tell_copy",
    "tell_owner",
    "tell_verdict",
    "tokens",
    "verify",
    "verify_audit",
    "waits",
    "wanted_email",
    "with_reason",
    "write_letter",
]

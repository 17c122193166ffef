"""Room `accounts`, row 0."""

from matinee.features.accounts import handlers, service
from matinee.features.accounts.commands import commands
from matinee.features.accounts.messages import PruneAccess, SumRefusals, TellOwner, WriteLetter
from matinee.features.accounts.schemas import AccountsSettings
from matinee.features.accounts.settings import (
    AuditSettings,
    FactorSettings,
    LeavingSettings,
    PasswordSettings,
    RetentionSettings,
    TokenSettings,
)
from matinee.infra.room import Handler, Listener, Periodic, Permission, Room, Topic

ROOM = Room(
    name="accounts",
    router="matinee.features.accounts.router",
    handlers=(
        Handler(message=PruneAccess, run=handlers.prune),
        Handler(message=WriteLetter, run=handlers.write_letter, priority=200, retries=12, backoff_s=4),
        Handler(message=SumRefusals, run=handlers.sum_refusals),
        Handler(message=TellOwner, run=handlers.tell_owner, lock=lambda order: f"notice:{order.notice_id}"),
    ),
    listeners=(
        Listener(kind=service.AUDIT_TALLY, run=handlers.link_audit),
        Listener(kind=service.REFUSAL_TALLY, run=handlers.count_refusals),
    ),
    periodic=(
        Periodic(cron="17 * * * *", order=PruneAccess),
        Periodic(cron="*/10 * * * *", order=SumRefusals),
    ),
    commands=commands,
    permissions=(
        Permission("accounts.sign_up", "Make an account.", "guest"),
        Permission("accounts.sign_in", "Sign in, or sign in a program.", "guest"),
        Permission(
            "accounts.self",
            "Keep one's own account.",
            "viewer",
            "creator",
            "moderator",
            "admin",
            scope="account",
        ),
        Permission(
            service.SECURE,
            "Keep one's own second factors.",
            "viewer",
            "creator",
            "moderator",
            "admin",
            scope="account",
        ),
        Permission("accounts.audit", "Read what was done in the whole house.", "admin", scope="operate"),
        Permission(
            "accounts.read",
            "See the list of accounts, with their states and roles.",
            "moderator",
            "admin",
            scope="operate",
        ),
        Permission(
            "accounts.manage",
            "See addresses, sign-ins and programs of accounts, suspend and limit them, and make services; the pages for"
            " it need “accounts.read”, too.",
            "admin",
            scope="operate",
        ),
        Permission(
            service.LOOK, "Look at the house through somebody's eyes, for a reason.", "admin", scope="operate"
        ),
        Permission(service.STOP_LOOKING, "See with one's own eyes again.", "admin", scope="operate"),
    ),
    topics=(Topic(name="me", resolve=service.follow),),
    settings=(
        AccountsSettings,
        PasswordSettings,
        FactorSettings,
        TokenSettings,
        LeavingSettings,
        RetentionSettings,
        AuditSettings,
    ),
    retention=(
        "Accounts until MATINEE_LEAVING_DAYS after their person left; sessions, with their device and a place without"
        " an address, until they end; when and why an account was suspended or limited, as long as it stands;"
        " keyed hashes of where people sign in, and why an operator looked through somebody's eyes, for"
        " MATINEE_NOTICE_DAYS; tokens until they end or are revoked; second factors until they are removed,"
        " recovery codes, as hashes, until they are used; halves of a sign-in for five minutes; links in letters for"
        " two days at most; notices for MATINEE_NOTICE_DAYS; counters of tries, as keyed hashes, for a day. The audit"
        " log for MATINEE_AUDIT_DAYS; once a person has left, under a pseudonym that leads to nobody."
    ),
    metrics=service.refresh_metrics,
    told=service.TOLD,
    untold=service.UNTOLD,
    export=service.export,
    erase=service.erase,
)

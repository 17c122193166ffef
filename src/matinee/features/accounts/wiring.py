"""Room `accounts`, row 0."""

from matinee.features.accounts import handlers, service
from matinee.features.accounts.messages import PruneAccess, TellOwner, WriteLetter
from matinee.features.accounts.schemas import AccountsSettings
from matinee.features.accounts.settings import FactorSettings, PasswordSettings
from matinee.infra.room import Handler, Periodic, Permission, Room

ROOM = Room(
    name="accounts",
    router="matinee.features.accounts.router",
    handlers=(
        Handler(message=PruneAccess, run=handlers.prune),
        Handler(message=WriteLetter, run=handlers.write_letter, priority=200, retries=12, backoff_s=4),
        Handler(message=TellOwner, run=handlers.tell_owner, lock=lambda order: f"notice:{order.notice_id}"),
    ),
    periodic=(Periodic(cron="17 * * * *", order=PruneAccess),),
    permissions=(
        Permission("accounts.sign_up", "Make an account.", "guest"),
        Permission("accounts.sign_in", "Sign in, or sign in a program.", "guest"),
        Permission("accounts.self", "Keep one's own account.", "viewer", "creator", "moderator", "admin"),
        Permission(
            service.SECURE, "Keep one's own second factors.", "viewer", "creator", "moderator", "admin"
        ),
        Permission("accounts.manage", "Suspend accounts and set their passwords.", "admin"),
    ),
    settings=(AccountsSettings, PasswordSettings, FactorSettings),
    retention=(
        "Accounts until their person leaves; sessions, with their device and a place without an address, until they"
        " end; tokens until they are revoked; second factors until they are removed, recovery codes, as hashes, until"
        " they are used; halves of a sign-in for five minutes; links in letters for two days at most; notices for 90"
        " days; counters of tries, as hashes, for a day."
    ),
    export=service.export,
    erase=service.erase,
)

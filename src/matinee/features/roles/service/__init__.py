"""The verbs of roles: the only door for other rooms."""

from matinee.features.roles.service.acting import actor_of, guest
from matinee.features.roles.service.book import Book
from matinee.features.roles.service.defining import all_roles, change, drop, make, permissions, role
from matinee.features.roles.service.explaining import explanation_of, own_explanation, own_verdicts
from matinee.features.roles.service.giving import check_names, check_new, check_not_above, set_roles
from matinee.features.roles.service.ruling import begin_look, lift, restrict

__all__ = [
    "Book",
    "actor_of",
    "all_roles",
    "begin_look",
    "change",
    "check_names",
    "check_new",
    "check_not_above",
    "drop",
    "explanation_of",
    "guest",
    "lift",
    "make",
    "own_explanation",
    "own_verdicts",
    "permissions",
    "restrict",
    "role",
    "set_roles",
]

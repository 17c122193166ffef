"""How making and giving roles fails."""

from matinee.kernel.errors import Conflict, Invalid, NotFound, Refused


class NoSuchRole(NotFound):
    code = "roles.not_found"
    sentence = "There is no such role."


class NoSuchPermission(NotFound):
    code = "roles.permission_not_found"
    sentence = "There is no such permission."


class UnknownName(Invalid):
    code = "roles.unknown_name"
    sentence = "There is no role or permission of this name."


class RoleTaken(Conflict):
    code = "roles.taken"
    sentence = "There is a role of this name already. Choose another name."


class ChangedMeanwhile(Conflict):
    code = "roles.changed_meanwhile"
    sentence = "Somebody else has changed these roles meanwhile. Look at them again, then decide."


class RoleBuiltIn(Conflict):
    code = "roles.built_in"
    sentence = "This role comes with the house and cannot be changed. Make a copy of it and change that."


class TooManyRoles(Conflict):
    code = "roles.too_many"
    sentence = "There are as many roles as a house may have. Drop one first."


class BeyondYours(Refused):
    code = "roles.beyond_yours"
    sentence = "This role holds a permission that you do not hold yourself."


class AboveYou(Refused):
    code = "roles.above_you"
    sentence = (
        "This person decides on roles, or holds a permission that you do not hold. Ask an owner of the house."
    )


class OwnersOnly(Refused):
    code = "roles.owners_only"
    sentence = "Only an owner of the house decides on roles that can give or change roles."


class Shut(Refused):
    code = "roles.shut"
    sentence = "This account is leaving this house and cannot be used."

"""How people fail."""

from matinee.kernel.errors import Conflict, Invalid, NotFound, TooMany


class ProfileNotFound(NotFound):
    code = "people.not_found"
    sentence = "There is nobody with this name."


class HandleTaken(Conflict):
    code = "people.handle_taken"
    sentence = "This handle belongs to someone else. Choose another."


class HandleReserved(Invalid):
    code = "people.handle_reserved"
    sentence = "This handle is kept for the house. Choose another."


class BadHandle(Invalid):
    code = "people.bad_handle"
    sentence = "A handle has 3 to 30 letters a–z, digits or underscores."


class BadName(Invalid):
    code = "people.bad_name"
    sentence = "Write a name that can be seen, on one line."


class HandleMoved(NotFound):
    """Whose handle this was has another one now: the fact `handle`."""

    code = "people.handle_moved"
    sentence = "This person has another handle now."


class HandleChangedOften(TooMany):
    code = "people.handle_changed_often"
    sentence = "You changed your handle several times lately. Keep this one for a while."

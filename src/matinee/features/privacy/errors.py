"""How asking for a copy fails."""

from matinee.kernel.errors import Conflict, NotFound, TooMany


class CopyUnderWay(Conflict):
    code = "privacy.copy_under_way"
    sentence = "A copy is being made already. Wait until it is ready."


class CopiesOften(TooMany):
    code = "privacy.copies_often"
    sentence = "You asked for several copies today. Ask again tomorrow."


class CopyNotFound(NotFound):
    code = "privacy.copy_not_found"
    sentence = "There is no such copy, or its days are over. Ask for a new one."

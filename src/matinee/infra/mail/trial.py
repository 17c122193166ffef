"""The letter that shows whether letters leave this house. Never sends it."""

from matinee.infra.mail.port import Letter
from matinee.infra.mail.writing import Words, write
from matinee.kernel.ids import new_id


def trial(to: str, address: str) -> Letter:
    """`address` is that of the house."""
    words = Words(
        subject="A letter from Matinee",
        lines=("This letter was sent to see whether letters arrive. They do.",),
        button=("Open Matinee", address),
    )
    return write(words, id=new_id(), to=to, house="Matinee", address=address)

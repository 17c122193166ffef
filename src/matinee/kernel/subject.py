"""A thing named without importing its room: kind and id. Quota, reports and uploads are keyed by it."""

from dataclasses import dataclass
from uuid import UUID

from matinee.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Subject:
    """`kind` is the singular word of the vocabulary (`video`), `id` the thing's own id."""

    kind: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """From `kind:uuid`. Raises `Invalid`."""
        kind, _, rest = text.partition(":")
        try:
            if not kind.isidentifier() or len(kind) > 40:
                raise ValueError
            return cls(kind, UUID(rest))
        except ValueError:
            raise Invalid("A subject is written kind:uuid.") from None

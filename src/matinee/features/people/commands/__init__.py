"""`matinee account …`: accounts from the terminal of the house itself. Holds no logic."""

from matinee.features.people.commands import directory, holding, keys, reaching, standing
from matinee.features.people.commands.account import app

__all__ = ["app", "directory", "holding", "keys", "reaching", "standing"]

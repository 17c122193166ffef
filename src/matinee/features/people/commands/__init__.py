"""`matinee account …`: accounts from the terminal of the house itself. Holds no logic."""

from matinee.features.people.commands import directory, keys
from matinee.features.people.commands.holding import app

__all__ = ["app", "directory", "keys"]

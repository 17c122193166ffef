"""The rooms of the house; each has the same inner shape (see ARCHITECTURE.md)."""

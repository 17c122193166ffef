"""Keeps the borders that import-linter cannot say: faces, foreign keys, names, locks, migrations."""

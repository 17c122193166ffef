"""Words that every floor shares. Imports nothing of ours."""

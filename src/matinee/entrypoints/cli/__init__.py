"""The command `matinee`: runs the house, looks after it, and uploads to this or another one."""

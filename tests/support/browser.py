"""A real Chromium for journeys."""

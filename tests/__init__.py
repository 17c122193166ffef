"""Proves the whole: tests mirror `src`; `journeys` tell whole stories, `architecture` keeps the borders."""

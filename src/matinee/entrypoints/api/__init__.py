"""The HTTP server: every room's router behind one front."""

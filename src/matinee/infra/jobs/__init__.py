"""Durable jobs on PostgreSQL: each (message, handler) pair is one row that some worker will run at least once."""

"""Ordered Alembic revisions: each module says what changes and why, and lists its steps."""

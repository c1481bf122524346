"""The caller's own data."""

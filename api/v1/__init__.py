"""The API for mobile apps, under /v1."""

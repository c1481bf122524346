"""The API for partner sites, under /partner/v1."""

"""The API for moderators and administrators, under /admin/v1."""

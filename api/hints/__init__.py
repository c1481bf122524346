"""Suggestions before the user asks."""

"""Searching for facilities."""

"""Compares compiled opening hours with opening_hours.js, the reference implementation of OSM's syntax."""

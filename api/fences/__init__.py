"""Geofences that phones monitor."""

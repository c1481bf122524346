"""Simulated days with hints, a reminder timer or neither: needs met in time, hints, false alarms, requests."""

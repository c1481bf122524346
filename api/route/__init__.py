"""Stops along a route."""

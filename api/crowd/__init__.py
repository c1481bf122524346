"""What visitors contribute."""

"""Partner sites."""

"""HTTP machinery that all rooms share."""

"""Records and accounts of staff."""

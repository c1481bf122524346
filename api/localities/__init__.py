"""Search for named places, stations and streets."""

"""The moderators' queue, decisions and appeals."""

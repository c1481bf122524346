"""The door of moderators."""

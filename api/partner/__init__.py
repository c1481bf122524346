"""The door of partner sites."""

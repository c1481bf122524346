"""The door of mobile apps."""

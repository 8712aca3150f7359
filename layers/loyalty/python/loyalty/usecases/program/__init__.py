"""A manager publishes the program."""

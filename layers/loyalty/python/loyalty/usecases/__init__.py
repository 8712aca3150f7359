"""Short stories: load, decide, save."""

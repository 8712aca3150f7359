"""Who members are, how they are identified, and how they are erased."""

"""Goals: how far each is, where it will end, and whether it was within reach."""

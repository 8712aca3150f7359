"""Staff: who may do what in a program."""

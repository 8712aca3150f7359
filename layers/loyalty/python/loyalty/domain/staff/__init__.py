"""Staff: what people who run the program do."""

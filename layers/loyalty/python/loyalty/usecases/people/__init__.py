"""People enroll, are found, change, answer surveys, and are erased."""

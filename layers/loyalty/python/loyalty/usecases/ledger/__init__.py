"""Points are spent, corrected, and caught up with the calendar."""

"""Building blocks of every rule: calendars, currencies, field types and refusals."""

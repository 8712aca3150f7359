"""What every rule is made of: calendars, currencies, field types, and refusals."""

"""Pure rules of the trade: no AWS, no clock, no environment."""

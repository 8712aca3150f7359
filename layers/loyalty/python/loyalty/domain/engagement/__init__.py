"""What members are given for what their orders and deeds add up to."""

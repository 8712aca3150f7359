"""A serverless backend for customer loyalty."""

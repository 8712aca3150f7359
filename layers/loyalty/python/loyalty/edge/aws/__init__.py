"""The AWS services that the product uses."""

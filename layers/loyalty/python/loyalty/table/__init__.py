"""The single table: keys, operations as data, and the only code that speaks DynamoDB."""

"""The books: entries, accounts, and every rule that changes them."""

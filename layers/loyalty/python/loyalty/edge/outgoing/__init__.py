"""HTTP requests to other people's servers."""

"""What touches the outside: HTTP, who is calling, settings, logs, clients."""

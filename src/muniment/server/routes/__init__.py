"""What the service answers to."""

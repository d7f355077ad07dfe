"""Documents of our own, with known text, and what makes them."""

"""What the service says of its routes: an OpenAPI document, and a page that shows it."""

"""What stands in the example documents: one module a document."""

"""The sealed deployment: rendering its containers, running them, and telling how they stand."""

"""The HTTP service in front of the engines: OpenAI's routes, routes for documents, keys, limits, audit."""

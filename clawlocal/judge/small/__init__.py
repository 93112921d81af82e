"""The small judge: a trained encoder that reads a request, a reply and what came next. Loads no framework."""

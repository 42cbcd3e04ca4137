"""A pipeline over many rows: what each is given, and what came of it."""

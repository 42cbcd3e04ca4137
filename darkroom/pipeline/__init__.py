"""A pipeline as data: steps that refer to each other, checked without running."""

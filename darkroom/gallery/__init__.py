"""Pages of pictures that need nothing beside them: what they share, and the page over a store."""

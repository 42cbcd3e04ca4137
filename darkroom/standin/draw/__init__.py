"""What the stand-in draws: a file for each kind of picture, and what they share."""

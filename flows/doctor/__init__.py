"""What is looked at on the way from here to a picture, area by area."""

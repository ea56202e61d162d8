"""What the figures say, read from what was added up: a year costs little more than a week."""

"""What a tagger's repository guards, and what has moved since it was recorded."""

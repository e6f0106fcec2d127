"""What each kind of node computes, in traced numbers."""

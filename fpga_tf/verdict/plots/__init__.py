"""Pictures of a run, one module each: the numbers first, then how they are drawn."""

"""Equal voice, counted twice: as the console says it, and from the log (or its export), by persona or person."""

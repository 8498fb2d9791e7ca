"""Companies, drivers, and the vehicles they drive."""

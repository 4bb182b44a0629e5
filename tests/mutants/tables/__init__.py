"""The mutants, a table for each part of the core."""

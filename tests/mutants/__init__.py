"""Named ways to break the core, and a command that shows that the tests notice each: `./dev mutants`."""

"""What is checked, one function each, by what it looks at; `table` has their names and reasons."""

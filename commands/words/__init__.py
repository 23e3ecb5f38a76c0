"""What is typed: commands with their arguments, options and help; each hands on what it is given."""

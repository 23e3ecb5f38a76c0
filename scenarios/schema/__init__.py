"""The sections of a scenario: what a reader sets under each heading of a scenario file."""

"""Which economies to run and what to ask of them."""

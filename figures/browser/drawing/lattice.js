// A lattice as an image, with a magnified piece.

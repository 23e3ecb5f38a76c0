"""Traversal learning over nodes that keep their samples: what is asked of a node, and what leaves it."""

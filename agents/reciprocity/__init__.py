"""Indirect reciprocity: who gives to whom by its name, who judges it, and what that does to names."""

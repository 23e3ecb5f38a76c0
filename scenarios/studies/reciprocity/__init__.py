"""Reciprocity: learners among norms, in a donation world outside the cooperative, beside rivals that only sample."""

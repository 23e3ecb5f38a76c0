"""Learners: they find what to do in an environment by playing it, with gradients or with a population."""

"""A round: agree, learn, pay, remember."""

"""A round: agree, learn, pay, remember. ``play`` is the round itself; markets and mechanisms have folders of their own."""

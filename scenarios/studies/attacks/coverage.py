"""How often the intervals of certificates cover, as benchmarks/certificates.py measured it; certificates quote it."""

MEASURED: dict[str, str] = {}

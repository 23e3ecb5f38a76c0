"""How often the intervals of certificates cover, as benchmarks/certificates.py measured it; certificates quote it."""

MEASURED = {  # of 2,000 matrix games each, 64 fresh seeds, at 95 %
    "one strongest attack, normal noise": "95.8% [94.8%, 96.5%]",
    "one strongest attack, exponential noise": "96.1% [95.2%, 96.9%]",
    "two strongest attacks, normal noise": "96.7% [95.8%, 97.4%]",
    "two strongest attacks, exponential noise": "96.9% [96.0%, 97.5%]",
    "all attacks equal, normal noise": "96.7% [95.8%, 97.4%]",
    "all attacks equal, exponential noise": "97.2% [96.3%, 97.8%]",
}

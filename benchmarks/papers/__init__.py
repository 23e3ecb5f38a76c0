"""Rules and rounds of papers that tests and benchmarks compare ours with; the product does not need them."""

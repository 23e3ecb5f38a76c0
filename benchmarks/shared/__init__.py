"""What benchmarks and tests share: tests import this and papers, no script, and benchmarks import no test."""

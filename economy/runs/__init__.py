"""Many rounds: ensembles, one run in Mesa, metrics, results and checkpoints."""

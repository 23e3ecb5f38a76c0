"""What can be learned of samples from what leaves a node: attackers, and defences that change what leaves it."""

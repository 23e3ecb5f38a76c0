"""What a round starts from: terms, the world that stays, the state that moves, and runs picked out of them."""

"""Small social dilemmas in Mesa, played selfishly or by negotiated terms (Shapley-Coop, arXiv 2506.07388)."""

"""What happens to what principals contribute: tasks, learning, screening, credit, settlement, the round."""

"""What one tab holds: its session, its worker, and the runs it shows."""

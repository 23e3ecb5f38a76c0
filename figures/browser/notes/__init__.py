"""What the page knows and says: the chronicle of a run, events, reasons and tables."""

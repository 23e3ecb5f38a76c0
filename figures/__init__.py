"""How results are seen: figures for print from stored results, and the browser page."""

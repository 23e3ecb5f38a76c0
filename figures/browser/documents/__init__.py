"""What the browser gets of a run: setup, frames, and the documents of its views."""

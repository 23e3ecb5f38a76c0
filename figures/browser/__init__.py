"""The browser page: watch a cooperative, steer it, and ask what would have become of it otherwise."""

"""Models as pay: rules for the accuracy each is owed, what samples are expected to lead to, and copies."""

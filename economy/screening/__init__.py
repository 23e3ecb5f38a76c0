"""What of an update is admissible under the value profiles, and what looser limits cost."""

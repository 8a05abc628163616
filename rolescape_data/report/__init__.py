"""What a set holds -> one HTML page."""

"""The result as lines for the terminal, as one HTML page, as JSON."""

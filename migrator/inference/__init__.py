"""Floor 2: what every variable is. Reads syntax, knows PyTorch by a table, runs nothing."""

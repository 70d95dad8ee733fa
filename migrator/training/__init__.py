"""Floor 3: what the program does: its loops, what they train and with what, where the objects are ready."""

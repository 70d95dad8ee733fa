"""Floor 9: the command, its flags and help, and what it writes to a terminal. Only here is printed and exited."""

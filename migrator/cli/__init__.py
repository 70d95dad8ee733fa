"""Floor 9: the command, its flags and help, and its terminal output. Only this package prints or exits."""

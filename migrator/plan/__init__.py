"""Floor 5: which changes are made together, where the Accelerator is created and how code reaches it, and checks of the result."""

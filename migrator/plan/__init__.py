"""Floor 5: which changes are made together, where the Accelerator is made and how code reaches it, and the check of the result."""

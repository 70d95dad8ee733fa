"""Floor 6: the report and its formats, one file each."""

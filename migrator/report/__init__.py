"""Floor 6: what the tool has to say, and the formats that it says it in, one file each: render(...) -> str."""

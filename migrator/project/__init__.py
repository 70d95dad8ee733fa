"""Floor 7: which programs the files belong to, reading and caching, programs that share files, writing."""

"""Floor 7: which programs the files make up, what is known of the disk, programs that share files, the cache, writing."""

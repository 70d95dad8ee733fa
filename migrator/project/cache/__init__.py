"""Results of earlier runs. Each is valid while the files that it was computed from are unchanged."""

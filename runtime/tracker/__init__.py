"""The trackers themselves, each imported when it is asked for."""

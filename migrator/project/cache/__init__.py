"""Answers kept from run to run. Each is valid while whatever was asked of the disk for it would be answered the same."""

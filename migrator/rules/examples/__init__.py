"""The rules' examples, one file for each family: read by `--explain` and by the tests, never by a migration."""

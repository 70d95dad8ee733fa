"""The examples of the rules, one file per family; read by `--explain` and by the tests, not by a migration."""

"""What tells a right migration from a wrong one: `migrate --verify`'s own recording and judging, with runs made fast.

``program``      what is run: a script, or a folder of files
``script``       the fixtures, with what is known of each, and their migration
``runner``   keeps traces, so that no run is made twice in a session
``verdict``      insists on what the judges of `migrator.verify` say
"""

"""Proof by running: the original and the migrated program, recorded step by step and compared.

``request``     what is asked for, and what is said before anything runs
``verify``      the way through: copies, runs, verdicts
``runner``      makes the runs, each in a fresh copy
``copies``      of the project, so that no file of the user's is touched
``devices``     which devices the runs may use
``processes``   starts a run's processes, streams what they print, and ends them all
``recorder``    inside of each process: writes down what the script does (the only part that imports torch)
``trace``       what is written down
``judge``       what the records say of one another
``edits``       the edits of the migration, by their places in the new text
``result``      what was found out
``show``        the result for the terminal, as a page, as JSON
"""

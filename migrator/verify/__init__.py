"""Proof by running: the original and the migrated program, recorded step by step and compared.

``verify``     the way through: scratch copies, runs, verdicts
``scratch``    copies of the project tree, so that no file of the user's is touched
``processes``  starts a run's processes, streams what they print, and ends them all
``recorder``   inside of each process: writes down what the script does (the only part that imports torch)
``trace``      what is written down
``alone``      one process: what the original did, bit for bit (P1)
``together``   several processes: replicas, samples, files, console, and the original's mathematics (P2)
``cause``      what most likely made a difference, and the edit nearest to it
``result``     what was found out
``page``, ``summary``, ``data``  the result as one HTML page, for the terminal, as JSON
``plain``, ``number``, ``scale``  what these three write alike: others' texts made safe, numbers, the losses' axis
"""

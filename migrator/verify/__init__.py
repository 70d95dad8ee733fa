"""Proof by running: the original and the migrated program, recorded step by step and compared.

``verify``     the way through: scratch copies, runs, verdicts
``root``, ``tree``  which folder is the project, and what belongs to it
``duplicate``, ``clone``, ``repository``  a copy of it, of one file, of its git repository
``scratch``    the folder that copies lie in, and its end
``overlay``, ``revision``  other files put into a copy: migrated ones, or those of a git revision
``fingerprint``  proof that no file of the user's was touched
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

"""What two records of a training say of one another.

``compare``   where they first part, aspect by aspect
``alone``     one process: what the original did, bit for bit (P1)
``together``  several processes: replicas, files, console, and the original's mathematics (P2)
``samples``   several processes: each sample once an epoch
``output``    printed lines
``explained`` differences that a finding of the migration announced
``cause``     what most likely made a difference, and the edit nearest to it
``verdicts``  a verdict for each promise
"""

"""What tells a right migration from a wrong one, by running scripts and comparing what they did.

``program``      what is run: a script, or a folder of files
``script``       the fixtures, with what is known of each, and their migration
``trace``        what is written down of a run
``tracer``       writes it down, from below the script, in a process of its own
``by_hand``      data parallelism spelled out: the original on each process's batches, gradients averaged after backward
``cradle``       imports torch once, and forks a process for each run
``nursery``      asks the cradle for runs, from the side of the tests
``laboratory``   keeps traces, so that no run is made twice in a session
``difference``   the first place where two values differ
``alone``        one process: the migrated script does what the original did, bit for bit
``together``     two processes: equal replicas, the gradients of the handwritten reference, the original's rates
``samples``      two processes: each sample once an epoch
``output``       two processes: each file and each line once
"""

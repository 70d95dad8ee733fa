"""Runs inside of each process of a verification: writes down what the script does, without changing what it does.

``fork_server`` imports torch once, and forks the others
``run``         the script as the main module, with every hook in place
``options``     the options of a process
``journal``     the file of events, and when to stop
``streams``     the states of all random streams
``digest``      tensors as a few numbers
``backward``    what backward is called on
``optimizers``  gradients before, and parameters after, each step
``schedules``   steps of learning-rate schedulers
``loaders``     which samples are read
``files``       what is written, and what lies outside of the copy
``reference_ddp`` data parallelism spelled out: the original on each process's batches, gradients averaged after backward

Hooks sit below the script, in torch; they draw no random number and run nothing forward.
"""

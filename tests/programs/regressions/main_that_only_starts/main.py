# Should: Read a script that only starts a trainer together with the files that it starts: they are one program.
# Why: P4. The trainer alone is built in no given file.
# Seen: projects whose `main.py` parses the command line, and nothing else.
# expect: refused
"""Start the training: nothing in this file, nor in the package's own, says a word of torch."""

import argparse

from engine import Trainer

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    trainer = Trainer(parser.parse_args())
    for epoch in range(2):
        trainer.fit(epoch)

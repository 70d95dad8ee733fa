"""Start the training: nothing in this file, nor in the package's own, says a word of torch."""

import argparse

from engine import Trainer

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    trainer = Trainer(parser.parse_args())
    for epoch in range(2):
        trainer.fit(epoch)

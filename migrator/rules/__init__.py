"""Floor 4: one file per family, pure questions to the training model; `catalogue.py` lists every rule once."""

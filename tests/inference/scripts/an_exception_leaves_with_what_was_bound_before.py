from choices import fail
from torch import nn

part = None
try:
    part = nn.MSELoss()
    fail()
    part = nn.Linear(2, 1)
except Exception as error:  # role: unknown
    kept = part  # role!: constant `None` | criterion | model (what is bound only in between is not seen)

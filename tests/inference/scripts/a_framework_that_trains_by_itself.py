from transformers import Trainer


class Mine(Trainer):
    pass


trainer = Mine()  # role: framework object

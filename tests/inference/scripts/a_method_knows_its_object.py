from torch import nn


class Holder:
    def __init__(self, model):
        self.model = model  # role: model

    def get(self):
        return self.model


holder = Holder(nn.Linear(2, 1))  # role: instance
model = holder.get()  # role: model = model
bound = holder.get  # role: method
again = bound()  # role: model = model

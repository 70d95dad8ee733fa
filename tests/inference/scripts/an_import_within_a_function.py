def build():
    from torch import nn

    return nn.Linear(2, 1)


model = build()  # role: model

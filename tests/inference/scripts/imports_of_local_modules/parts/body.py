from torch import nn


class Body(nn.Module):
    pass

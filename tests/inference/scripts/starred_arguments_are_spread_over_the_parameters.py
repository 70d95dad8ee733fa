from torch import nn


def second(first, second):
    return second


pair = [nn.Linear(2, 1), nn.MSELoss()]
options = {"first": nn.Linear(2, 1), "second": nn.MSELoss()}
a = second(*pair)  # role: criterion
b = second(**options)  # role: criterion

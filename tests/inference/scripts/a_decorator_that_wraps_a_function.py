import functools

from torch import nn


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@logged
def build(kind):
    return kind


model = build(nn.Linear(2, 1))  # role: model

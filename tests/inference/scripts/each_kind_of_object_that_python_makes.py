import argparse
import functools

import numpy


class Meter:
    pass


def double(value):
    return 2 * value


nothing = None  # role: constant `None`
number = 3  # role: constant `3`
text = "adam"  # role: constant `adam`
pair = (1, 2)  # role: sequence
table = {"a": 1}  # role: dict
function = double  # role: function
unnamed = lambda: 3  # role: function
owner = Meter  # role: class
meter = Meter()  # role: instance
method = table.items  # role: unknown
filled = functools.partial(double, 1)  # role: partial
package = numpy  # role: library
option = argparse.ArgumentParser().parse_args()  # role: option

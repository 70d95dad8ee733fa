import builders
import parts.heads
from builders import LOSS, Builder, build as make
from parts import Body
from parts.heads import *
from torch import optim

model = make()  # role: model
other = builders.build()  # role: model = other
loss = LOSS  # role: criterion
made = Builder(model).made  # role: model = model
body = Body()  # role: model
head = parts.heads.head()  # role: model
starred = head_loss()  # role: criterion
optimizer = optim.SGD(model.parameters(), lr=0.1)  # role: optimizer of model
module = builders  # role: module

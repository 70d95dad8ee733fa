from models import Net
import zoo

model = Net()  # role: opaque
other = zoo.build()  # role: opaque
parameters = model.parameters()  # role: parameters of model

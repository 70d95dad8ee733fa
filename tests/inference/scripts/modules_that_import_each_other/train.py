from engine import Engine

engine = Engine()  # role: instance
model = engine.model  # role: model

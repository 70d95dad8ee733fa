def log(value):
    print(value)


done = log(1)  # role: constant `None`

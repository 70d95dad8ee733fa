held = made_elsewhere  # role: opaque `made_elsewhere`
result = made_elsewhere()  # role: opaque

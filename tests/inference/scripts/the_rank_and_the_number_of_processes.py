import torch.distributed as dist

rank = dist.get_rank()  # role: rank
world = dist.get_world_size()  # role: world size

import argparse

import torch

args = argparse.ArgumentParser().parse_args()
use_cuda = torch.cuda.is_available() and not args.no_cuda  # role: device flag
device = torch.device("cuda" if use_cuda else "cpu")  # role: device
text = "cuda:0"  # role: device
chosen = torch.device(args.device)  # role: device
numbered = torch.device(f"cuda:{args.gpu}")  # role: device

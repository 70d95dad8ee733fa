import torch
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

dataset = TensorDataset(torch.randn(8, 2))  # role: dataset
sampler = RandomSampler(dataset)  # role: sampler
loader = DataLoader(dataset, sampler=sampler)  # role: loader
model = nn.Linear(2, 1)  # role: model
criterion = nn.MSELoss()  # role: criterion
weights = model.parameters()  # role: parameters of model
optimizer = optim.SGD(weights, lr=0.1)  # role: optimizer of model
scheduler = StepLR(optimizer, 1)  # role: scheduler of optimizer
state = model.state_dict()  # role: state dict of model
device = torch.device("cuda")  # role: device
has_gpu = torch.cuda.is_available()  # role: device flag
made = torch.zeros(2)  # role: fresh tensor
output = model(made)  # role: tensor of model, made
kind = torch.cuda.FloatTensor  # role: tensor type
scaler = torch.cuda.amp.GradScaler()  # role: gradient scaler
count = len(loader)  # role: length of loader
batches = iter(loader)  # role: iterator
first = next(batches)  # role: batch of loader
read = torch.load("model.pt")  # role: opaque
part = model.weight  # role: part of model

import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

teacher = nn.Linear(2, 1).eval()
student = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
for x in loader:  # training: loop; draw; prepare student, optimizer, loader
    with torch.no_grad():
        wanted = teacher(x)
    loss = (student(x) - wanted).pow(2).mean()  # training: forward
    optimizer.zero_grad()
    loss.backward()  # training: backward of student
    optimizer.step()  # training: step

from data import dataset
from torch import nn
from torch.utils.data import DataLoader

encoder, decoder, critic = nn.Linear(2, 1), nn.Linear(1, 2), nn.Linear(2, 1)
for x in DataLoader(dataset):
    hidden = encoder(x)  # role: tensor of encoder, x
    output = decoder(hidden)  # role: tensor of encoder, decoder, x
    real = critic(x).mean()  # role: tensor of critic, x
    fake = critic(output.detach()).mean()  # role: tensor of critic, x
    loss = real - fake  # role: tensor of critic, x

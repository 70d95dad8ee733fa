"""A generated package with the shape of real ones: models and their factories, data, losses, an engine, utilities, entries.

Every module imports others, its functions branch and loop, and an entry reaches all of them.
"""

from __future__ import annotations

from pathlib import Path

_MODEL = '''\
"""Model {n}."""

import math
import os

import torch
from torch import nn

from package.utils.helpers{u} import average, load_state, make_divisible
from package.layers.block{l} import Block, make_stage


class Network{n}(nn.Module):
    """A network of several stages."""

    def __init__(self, width=32, depth=3, classes=10, dropout=0.0, pretrained=None):
        super().__init__()
        stages = []
        channels = make_divisible(width, 8)
        for index in range(depth):
            if index == 0:
                stages.append(Block(3, channels))
            elif dropout > 0:
                stages.append(make_stage(channels, 2 * channels, dropout=dropout))
                channels = 2 * channels
            else:
                stages.append(make_stage(channels, channels))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(channels, classes)
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()
        if pretrained is not None:
            self.load_state_dict(load_state(pretrained))
        else:
            self.reset()

    def reset(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=1 / math.sqrt(module.in_features))

    def forward(self, images):
        features = images
        for stage in self.stages:
            features = stage(features)
        pooled = features.mean(dim=(2, 3))
        return self.head(self.drop(pooled))


def network{n}_small(**options):
    return _create(width=16, depth=2, **options)


def network{n}_large(**options):
    return _create(width=64, depth=4, **options)


def _create(width, depth, pretrained=False, **options):
    path = os.path.join("weights", "network{n}.pt") if pretrained else None
    try:
        model = Network{n}(width, depth, pretrained=path, **options)
    except FileNotFoundError:
        print("no weights for network{n}")
        model = Network{n}(width, depth, **options)
    return model


def summary(model, history):
    count = sum(p.numel() for p in model.parameters())
    best = average(history) if history else 0.0
    if count > 1e6:
        text = f"{{count / 1e6:.1f}}M"
    else:
        text = str(count)
    return text, best
'''

_LAYER = '''\
"""Layers {n}."""

import torch
from torch import nn
from torch.nn import functional as F

from package.utils.helpers{u} import make_divisible


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = nn.SiLU() if act is True else act if isinstance(act, nn.Module) else nn.Identity()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Residual(nn.Module):
    def __init__(self, channels, repeats=2, dropout=0.0):
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels, channels) for _ in range(repeats))
        self.dropout = dropout

    def forward(self, x):
        for index, block in enumerate(self.blocks):
            y = block(x)
            if self.training and self.dropout:
                y = F.dropout(y, self.dropout)
            x = x + y if index else y
        return x


def make_stage(inputs, outputs, repeats=2, dropout=0.0):
    hidden = make_divisible(outputs / 2, 8)
    layers = [Block(inputs, hidden)]
    while repeats > 0:
        layers.append(Residual(hidden, 1, dropout))
        repeats -= 1
    layers.append(Block(hidden, outputs))
    return nn.Sequential(*layers)


def fuse(block):
    with torch.no_grad():
        scale = block.norm.weight / torch.sqrt(block.norm.running_var + block.norm.eps)
        block.conv.weight.mul_(scale.view(-1, 1, 1, 1))
    return block.conv
'''

_DATA = '''\
"""Data set {n}."""

import os
import random

import torch
from torch.utils.data import DataLoader, Dataset

from package.utils.helpers{u} import parse_line, read_lines


class Images{n}(Dataset):
    def __init__(self, root, split="train", size=64, transform=None):
        self.transform = transform
        self.size = size
        self.items = []
        path = os.path.join(root, split + ".txt")
        if os.path.exists(path):
            for line in read_lines(path):
                item = parse_line(line)
                if item is None:
                    continue
                self.items.append(item)
        else:
            for _ in range(100):
                self.items.append(("", random.randrange(10)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        path, label = self.items[index]
        try:
            image = torch.load(path) if path else torch.rand(3, self.size, self.size)
        except OSError as error:
            print(f"cannot read {{path}}: {{error}}")
            image = torch.zeros(3, self.size, self.size)
        if self.transform is not None:
            image = self.transform(image)
        return image, label


def collate(batch):
    images, labels = zip(*batch)
    return torch.stack(images), torch.tensor(labels)


def make_loader{n}(root, split, batch_size, workers=0, size=64):
    data = Images{n}(root, split, size)
    shuffle = split == "train"
    if workers > 0:
        return DataLoader(data, batch_size, shuffle=shuffle, num_workers=workers, collate_fn=collate, drop_last=shuffle)
    return DataLoader(data, batch_size, shuffle=shuffle, collate_fn=collate)
'''

_LOSS = '''\
"""Losses {n}."""

import torch
from torch import nn
from torch.nn import functional as F

from package.utils.helpers{u} import average


class Smoothed{n}(nn.Module):
    def __init__(self, smoothing=0.1, reduction="mean", weight=None):
        super().__init__()
        self.smoothing = smoothing
        self.reduction = reduction
        self.weight = weight

    def forward(self, outputs, targets):
        logs = F.log_softmax(outputs, dim=-1)
        hard = F.nll_loss(logs, targets, reduction="none")
        soft = -logs.mean(dim=-1)
        loss = (1 - self.smoothing) * hard + self.smoothing * soft
        if self.weight is not None:
            loss = loss * self.weight
        if self.reduction == "mean":
            return loss.mean()
        if self.reduction == "sum":
            return loss.sum()
        return loss


def accuracy(outputs, targets, top=(1, 5)):
    results = []
    with torch.no_grad():
        _, ranked = outputs.topk(max(top), 1)
        hits = ranked.t().eq(targets.view(1, -1))
        for k in top:
            correct = hits[:k].reshape(-1).float().sum()
            results.append(100 * correct / targets.size(0))
    return results


def describe(history):
    if not history:
        return "nothing yet"
    lines = []
    for epoch, values in enumerate(history):
        lines.append(f"{{epoch}}: {{average(values):.3f}}")
    return ", ".join(lines)
'''

_UTILITY = '''\
"""Helpers {n}."""

import json
import math
import os
import time

import torch


class Meter{n}:
    def __init__(self, name, keep=100):
        self.name = name
        self.keep = keep
        self.values = []
        self.total = 0.0
        self.count = 0

    def update(self, value, n=1):
        if isinstance(value, torch.Tensor):
            value = value.item()
        self.values.append(value)
        if len(self.values) > self.keep:
            self.values.pop(0)
        self.total += value * n
        self.count += n

    @property
    def mean(self):
        return self.total / self.count if self.count else 0.0


def average(values):
    total, count = 0.0, 0
    for value in values:
        if value is None or math.isnan(value):
            continue
        total += value
        count += 1
    return total / count if count else 0.0


def make_divisible(value, divisor):
    return max(divisor, int(value + divisor / 2) // divisor * divisor)


def read_lines(path):
    lines = []
    with open(path) as file:
        for line in file:
            line = line.strip()
            if line and not line.startswith("#"):
                lines.append(line)
    return lines


def parse_line(line):
    parts = line.split(",")
    if len(parts) != 2:
        return None
    try:
        return parts[0], int(parts[1])
    except ValueError:
        return None


def load_state(path):
    state = torch.load(path, map_location="cpu")
    if "model" in state:
        state = state["model"]
    return {{name.replace("module.", ""): value for name, value in state.items()}}


def save_state(path, model, optimizer, epoch):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    torch.save({{"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}}, path)


def log(path, **values):
    values["time"] = time.time()
    with open(path, "a") as file:
        file.write(json.dumps(values) + "\\n")
'''

_FACTORY = '''\
"""All models, data sets and losses by name."""

{imports}

MODELS = {{{models}}}
LOADERS = {{{loaders}}}
LOSSES = {{{losses}}}


def create_model(name, **options):
    if name not in MODELS:
        raise ValueError(f"no model is called {{name}}")
    return MODELS[name](**options)


def create_loader(name, *options):
    return LOADERS[name](*options)


def create_loss(name, **options):
    return LOSSES[name](**options)
'''

_ENGINE = '''\
"""The loops."""

import torch

from package.losses.loss0 import accuracy
from package.utils.helpers0 import Meter0, log, save_state


def train_one_epoch(model, criterion, loader, optimizer, device, epoch, clip=0.0):
    model.train()
    losses = Meter0("loss")
    for step, (images, labels) in enumerate(loader):
        images, labels = images.to(device), labels.to(device)
        outputs = model(images)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        if clip > 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.update(loss, images.size(0))
        if step % 50 == 0:
            print(f"epoch {epoch} step {step} loss {losses.mean:.3f}")
    return losses.mean


@torch.no_grad()
def evaluate(model, criterion, loader, device):
    model.eval()
    losses, hits = Meter0("loss"), Meter0("accuracy")
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        outputs = model(images)
        losses.update(criterion(outputs, labels), images.size(0))
        hits.update(accuracy(outputs, labels, (1,))[0], images.size(0))
    return losses.mean, hits.mean


def fit(model, criterion, train_loader, val_loader, optimizer, scheduler, device, epochs, output):
    best = 0.0
    for epoch in range(epochs):
        loss = train_one_epoch(model, criterion, train_loader, optimizer, device, epoch)
        scheduler.step()
        val_loss, hits = evaluate(model, criterion, val_loader, device)
        log(output + "/log.txt", epoch=epoch, loss=loss, val_loss=val_loss, accuracy=hits)
        if hits > best:
            best = hits
            save_state(output + "/best.pt", model, optimizer, epoch)
    return best
'''

_ENTRY = '''\
"""Train a model of the package ({n})."""

import argparse

import torch

from package.engine import fit
from package.factory import create_loader, create_loss, create_model


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="network0_small")
    parser.add_argument("--data", default="images0")
    parser.add_argument("--loss", default="smoothed0")
    parser.add_argument("--root", default="data")
    parser.add_argument("--epochs", type=int, default={epochs})
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--output", default="out")
    return parser.parse_args()


def main():
    args = parse()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train_loader = create_loader(args.data, args.root, "train", args.batch_size)
    val_loader = create_loader(args.data, args.root, "val", args.batch_size)
    model = create_model(args.model, classes=10).to(device)
    criterion = create_loss(args.loss)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    best = fit(model, criterion, train_loader, val_loader, optimizer, scheduler, device, args.epochs, args.output)
    print(f"best accuracy {{best:.2f}}")


if __name__ == "__main__":
    main()
'''

_KINDS = {  # folder -> file name, text, and how many of ten modules are such
    "models": ("model", _MODEL, 4),
    "layers": ("block", _LAYER, 2),
    "data": ("data", _DATA, 1),
    "losses": ("loss", _LOSS, 1),
    "utils": ("helpers", _UTILITY, 2),
}


def make_package(folder: Path, modules: int, entries: int) -> int:
    """Write a package and the scripts that train with it into a new folder.

    Args:    modules: of the package, without its factory, its engine and the files that only mark folders.
    Returns: the number of lines.
    """
    counts = {kind: max(1, modules * share // 10) for kind, (_, _, share) in _KINDS.items()}
    files = {"package/__init__.py": "", "package/engine.py": _ENGINE, "package/factory.py": _factory(counts)}
    for kind, (name, text, _) in _KINDS.items():
        files[f"package/{kind}/__init__.py"] = ""
        for n in range(counts[kind]):
            files[f"package/{kind}/{name}{n}.py"] = text.format(n=n, u=n % counts["utils"], l=n % counts["layers"])
    for n in range(entries):
        files[f"train{n}.py"] = _ENTRY.format(n=n, epochs=10 + n)
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return sum(text.count("\n") for text in files.values())


def _factory(counts: dict[str, int]) -> str:
    imports = [f"from package.models import model{n}" for n in range(counts["models"])]
    imports += [f"from package.data.data{n} import make_loader{n}" for n in range(counts["data"])]
    imports += [f"from package.losses.loss{n} import Smoothed{n}" for n in range(counts["losses"])]
    models = [f'"network{n}_{size}": model{n}.network{n}_{size}' for n in range(counts["models"]) for size in _SIZES]
    return _FACTORY.format(
        imports="\n".join(imports),
        models=", ".join(models),
        loaders=", ".join(f'"images{n}": make_loader{n}' for n in range(counts["data"])),
        losses=", ".join(f'"smoothed{n}": Smoothed{n}' for n in range(counts["losses"])),
    )


_SIZES = ("small", "large")

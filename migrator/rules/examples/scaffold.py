"""Examples: creating and passing the Accelerator."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP, STEP
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "create-accelerator": (
        Example(
            "at module level, where the device was chosen",
            """
            import torch
            from torch import nn
            from data import dataset

            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            model = nn.Linear(4, 1).to(device)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)
            for x, y in loader:
                loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
                loss.backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn
            from data import dataset
            from runtime import Accelerator

            accelerator = Accelerator()
            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                accelerator.backward(loss)
                optimizer.step()
            """,
        ),
        Example(
            "in `main`, and a flag that forbids the GPU becomes its argument",
            """
            import argparse
            import torch
            import torch.optim as o
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset

            def main():
                parser = argparse.ArgumentParser()
                parser.add_argument("--no-cuda", action="store_true")
                args = parser.parse_args()
                device = torch.device("cuda" if torch.cuda.is_available() and not args.no_cuda else "cpu")
                model = nn.Linear(4, 1).to(device)
                optimizer = o.SGD(model.parameters(), lr=0.1)
                loader = DataLoader(dataset)
                for x, y in loader:
                    loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
                    loss.backward()
                    optimizer.step()

            main()
            """,
            """
            import argparse
            import torch
            import torch.optim as o
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            def main():
                parser = argparse.ArgumentParser()
                parser.add_argument("--no-cuda", action="store_true")
                args = parser.parse_args()
                accelerator = Accelerator(cpu=args.no_cuda)
                model = nn.Linear(4, 1)
                optimizer = o.SGD(model.parameters(), lr=0.1)
                loader = DataLoader(dataset)
                model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
                for x, y in loader:
                    loss = nn.functional.mse_loss(model(x), y)
                    accelerator.backward(loss)
                    optimizer.step()

            main()
            """,
        ),
        Example("a script without training", INFERENCE),
        Example("a script that already creates one", MIGRATED),
    ),
    "import-cleanup": (
        Example(
            "a device that is no longer used",
            """
            import torch
            from torch import nn
            from data import dataset

            device = "cuda" if torch.cuda.is_available() else "cpu"
            model = nn.Linear(4, 1).to(device)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)
            for x, y in loader:
                loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
                loss.backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn
            from data import dataset
            from runtime import Accelerator

            accelerator = Accelerator()
            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset)
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                accelerator.backward(loss)
                optimizer.step()
            """,
        ),
        Example(
            "the same in a function, with a comment that stays",
            """
            import torch as t
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset

            def run():
                # where to train
                where = t.device("cuda:0")
                model = nn.Linear(4, 1).to(where)
                optimizer = t.optim.SGD(model.parameters(), lr=0.1)
                loader = DataLoader(dataset)
                for x, y in loader:
                    loss = nn.functional.mse_loss(model(x.to(where)), y.to(where))
                    loss.backward()
                    optimizer.step()

            run()
            """,
            """
            import torch as t
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            def run():
                # where to train
                accelerator = Accelerator()
                model = nn.Linear(4, 1)
                optimizer = t.optim.SGD(model.parameters(), lr=0.1)
                loader = DataLoader(dataset)
                model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
                for x, y in loader:
                    loss = nn.functional.mse_loss(model(x), y)
                    accelerator.backward(loss)
                    optimizer.step()

            run()
            """,
        ),
        Example("a device that is still read", "zeros = torch.zeros(3, device=device)", frame=SETUP),
        Example("a variable that was never used", "unused = 3", frame=SETUP),
    ),
    "thread-accelerator": (
        Example(
            "a function that gets its model as a parameter",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset

            def train(model, optimizer, loader):
                for x, y in loader:
                    loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
                    loss.backward()
                    optimizer.step()

            def main():
                model = nn.Linear(4, 1).cuda()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                loader = DataLoader(dataset)
                for epoch in range(3):
                    train(model, optimizer, loader)

            main()
            """,
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from data import dataset
            from runtime import Accelerator

            def train(model, optimizer, loader, accelerator):
                for x, y in loader:
                    loss = nn.functional.mse_loss(model(x), y)
                    accelerator.backward(loss)
                    optimizer.step()

            def main():
                model = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                loader = DataLoader(dataset)
                accelerator = Accelerator()
                model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
                for epoch in range(3):
                    train(model, optimizer, loader, accelerator)

            main()
            """,
        ),
        Example(
            "a call with keywords, and a default that stays",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader as Loader
            from data import dataset

            def train(net, optimizer, loader, epochs=2):
                for epoch in range(epochs):
                    for x, y in loader:
                        loss = nn.functional.mse_loss(net(x.cuda()), y.cuda())
                        loss.backward()
                        optimizer.step()

            if __name__ == "__main__":
                net = nn.Linear(4, 1).cuda()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                loader = Loader(dataset)
                print(net(torch.zeros(1, 4).cuda()))
                train(net, optimizer=optimizer, loader=loader)
            """,
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader as Loader
            from data import dataset
            from runtime import Accelerator

            def train(net, optimizer, loader, epochs=2, *, accelerator):
                for epoch in range(epochs):
                    for x, y in loader:
                        loss = nn.functional.mse_loss(net(x), y)
                        accelerator.backward(loss)
                        optimizer.step()

            if __name__ == "__main__":
                accelerator = Accelerator()
                net = nn.Linear(4, 1).to(accelerator.device)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                loader = Loader(dataset)
                accelerator.print(net(torch.zeros(1, 4).to(accelerator.device)))
                net, optimizer, loader = accelerator.prepare(net, optimizer, loader)
                train(net, optimizer=optimizer, loader=loader, accelerator=accelerator)
            """,
        ),
        Example("a loop where the Accelerator is created", "norm = loss.item()", frame=BATCH),
        Example(
            "a function that does not need it",
            "def show(value):\n    return round(value, 3)\n\nshow(0.12345)",
            frame=SETUP,
        ),
        Example("a library call in the loop", "torch.cuda.empty_cache()", frame=STEP),
    ),
}

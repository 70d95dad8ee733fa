"""On one process nothing is read before it is used, and no number is drawn that the plain loop does not draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from runtime import Accelerator, DataLoaderConfiguration


class Counted(Dataset[Any]):
    """Counts what is read, and draws for each sample."""

    def __init__(self, samples: int = 20) -> None:
        self.samples = samples
        self.read = 0

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> torch.Tensor:
        self.read += 1
        return torch.full((3,), index / 10) + torch.randn(3)


QUESTIONS: dict[str, Callable[[Accelerator], Any]] = {
    "nothing": lambda accelerator: None,
    "whether it is the end": lambda accelerator: accelerator.gradient_state.end_of_dataloader,
    "the metrics": lambda accelerator: accelerator.gather_for_metrics(torch.ones(4)),
    "whether to step": lambda accelerator: accelerator.accumulate(),
    "what remains": lambda accelerator: accelerator.gradient_state.remainder,
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("exact", [False, True])
def test_no_batch_is_read_ahead(question: str, exact: bool) -> None:
    accelerator = Accelerator(
        cpu=True,
        gradient_accumulation_steps=3,
        dataloader_config=DataLoaderConfiguration(exact_scaling=exact),
    )
    data = Counted()
    loader = accelerator.prepare(DataLoader(data, batch_size=4, shuffle=True))
    batches = iter(loader)
    assert data.read == 0
    for number in range(1, 6):
        next(batches)
        QUESTIONS[question](accelerator)
        assert data.read == 4 * number


def _trained(prepare: Callable[..., Any], backward: Callable[[torch.Tensor], None], options: dict[str, Any]) -> Any:
    """Train with dropout, augmentation and generators of the script's own; leave the second epoch early."""
    torch.manual_seed(7)
    own = torch.Generator().manual_seed(5)
    shuffling = torch.Generator().manual_seed(6)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.4), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    chosen = {**options, "generator": shuffling} if options.pop("own generator", False) else options
    loader = DataLoader(Counted(22), batch_size=4, shuffle=True, **chosen)
    model, optimizer, loader = prepare(model, optimizer, loader)
    seen = []
    for epoch in range(3):
        for index, x in enumerate(loader):
            noise = torch.randn(x.shape, generator=own)
            loss = model(x + 0.1 * noise).square().mean()
            optimizer.zero_grad()
            backward(loss)
            optimizer.step()
            seen.append(loss.detach())
            if epoch == 1 and index == 2:
                break
    return [*seen, *model.parameters(), torch.get_rng_state(), own.get_state(), shuffling.get_state()]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("own", [False, True], ids=["torch's stream", "own generator"])
@pytest.mark.parametrize("lasting", [False, True], ids=["workers for an epoch", "lasting workers"])
def test_every_number_is_that_of_the_plain_loop(workers: int, own: bool, lasting: bool) -> None:
    if lasting and not workers:
        pytest.skip("there are none")
    options = {"num_workers": workers, "persistent_workers": lasting, "own generator": own}
    theirs = _trained(lambda *objects: objects, lambda loss: loss.backward(), dict(options))
    accelerator = Accelerator(cpu=True)
    ours = _trained(accelerator.prepare, accelerator.backward, dict(options))
    assert len(ours) == len(theirs) and all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))

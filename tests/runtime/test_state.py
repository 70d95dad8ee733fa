"""The state of the process: shared by all who ask, set by the first, contradicted by none."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from runtime import (
    Accelerator,
    AcceleratorState,
    GradientAccumulationPlugin,
    GradientState,
    PartialState,
    SettingsError,
)
from runtime.errors import UnsupportedError


def test_every_instance_is_the_same_state() -> None:
    accelerator = Accelerator(cpu=True, mixed_precision="bf16")
    assert AcceleratorState().mixed_precision == "bf16" == Accelerator().mixed_precision
    assert PartialState().device == accelerator.device
    assert vars(GradientState()) is vars(accelerator.gradient_state)
    again = pickle.loads(pickle.dumps(accelerator.gradient_state))
    assert vars(again) is vars(accelerator.gradient_state)
    assert copy.deepcopy(accelerator.state) is accelerator.state


def test_a_second_accelerator_may_not_ask_for_another_precision() -> None:
    Accelerator(cpu=True)
    with pytest.raises(SettingsError, match="An earlier Accelerator of this process set mixed_precision='no'"):
        Accelerator(mixed_precision="bf16")


def test_a_second_accelerator_may_not_accumulate_otherwise() -> None:
    first = Accelerator(cpu=True, gradient_accumulation_steps=4)
    assert Accelerator().gradient_accumulation_steps == 4, "one that does not ask shares"
    with pytest.raises(SettingsError, match=r"accumulates gradients by .*4.*asks for .*1"):
        Accelerator(gradient_accumulation_steps=1)
    first.gradient_accumulation_steps = 2
    assert first.gradient_accumulation_steps == 2


def test_a_failed_accelerator_leaves_nothing_behind() -> None:
    with pytest.raises(SettingsError, match="fp16 mixed precision requires a device in"):
        Accelerator(cpu=True, mixed_precision="fp16")
    with pytest.raises(UnsupportedError, match="fp8"):
        Accelerator(cpu=True, mixed_precision="fp8")
    with pytest.raises(SettingsError, match="mixed_precision='bf17' is unknown; choose from no, fp8, fp16, bf16"):
        Accelerator(cpu=True, mixed_precision="bf17")
    assert Accelerator(cpu=True).mixed_precision == "no"


def test_the_environment_sets_what_the_script_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "3")
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    accelerator = Accelerator()
    assert (accelerator.mixed_precision, accelerator.gradient_accumulation_steps) == ("bf16", 3)
    assert accelerator.device.type == "cpu"


@pytest.mark.parametrize("kind", [PartialState, AcceleratorState])
def test_a_state_that_was_reset_says_so(kind: type[PartialState]) -> None:
    Accelerator(cpu=True)
    state = kind()
    with pytest.raises(AttributeError, match=f"'{kind.__name__}' object has no attribute 'nonsense'$"):
        _ = state.nonsense
    kind._reset_state()
    with pytest.raises(AttributeError, match=rf"This happens if `{kind.__name__}._reset_state\(\)`"):
        _ = state.num_processes


def test_an_accelerator_whose_state_was_reset_says_so() -> None:
    accelerator = Accelerator(cpu=True)
    AcceleratorState._reset_state()
    with pytest.raises(AttributeError, match=r"This happens if `AcceleratorState._reset_state\(\)`"):
        accelerator.prepare(torch.nn.Linear(1, 1))
    with pytest.raises(AttributeError, match="`AcceleratorState` object has no attribute"):
        _ = accelerator.num_processes


def test_the_plugin_sets_how_to_accumulate() -> None:
    plugin = GradientAccumulationPlugin(num_steps=2, sync_with_dataloader=False, sync_each_batch=True)
    state = Accelerator(cpu=True, gradient_accumulation_plugin=plugin).gradient_state
    assert (state.num_steps, state.sync_with_dataloader, state.sync_each_batch) == (2, False, True)
    assert state.adjust_scheduler is False, "as in Accelerate, whatever the plugin says"


def test_a_pickled_accelerator_finds_its_process_again() -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    again = pickle.loads(pickle.dumps(accelerator))
    assert again.device == accelerator.device and again.gradient_accumulation_steps == 2
    assert again._backend is accelerator._backend
    assert copy.deepcopy(accelerator) is accelerator

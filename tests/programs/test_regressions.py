"""Counter-examples that were found in other people's code, told in scripts of our own: each is what its header says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline
from migrator.project.scan import candidates
from migrator.report.report import ProgramReport

FOLDER = Path(__file__).with_name("regressions")


@dataclass(frozen=True, slots=True)
class Case:
    """What must become of a script: whether it is migrated, what its text holds, which findings it gets."""

    name: str
    migrated: bool = True
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


CASES = (
    Case("alias_below_what_forward_calls", has=("Tensor(x.size(0), 4).to(accelerator.device).normal_()",)),
    Case("attack_that_trains_no_model", migrated=False, untold=("MIG301", "MIG201")),
    Case("attrs_that_make_the_training", migrated=False, told=("MIG901",)),
    Case("backward_behind_each_forward", has=("accelerator.backward(judge(fake).mean())",), untold=("MIG313",)),
    Case("backward_that_trains_nothing", migrated=False, untold=("MIG301", "MIG201")),
    Case(
        "batch_meets_cpu_tensor_before_its_move",
        has=("device_placement=[True, True, False]", "x, onehot = x.to(device), onehot.to(device)"),
    ),
    Case("bare_tensors_without_loader", migrated=False, told=("MIG205",)),
    Case(
        "data_parallel_under_a_condition",
        has=("accelerator.unwrap_model(net).state_dict()",),
        lacks=("DataParallel(",),
        told=("MIG402",),
    ),
    Case("data_parallel_under_main_guard", migrated=False, told=("MIG402",)),
    Case(
        "comments_in_rewritten_calls",
        has=(
            "model = nn.Linear(3, 1)  # moved\n",
            "    # each\n    # there\n    x, y = (\n        t\n",
            "    # of one\n    accelerator.backward(loss  # the mean\n        / 1)  # back\n",
        ),
    ),
    Case("data_parallel_moved_under_a_condition", has=("raw_model = accelerator.unwrap_model(model)",), lacks=("if ",)),
    Case("device_nested_in_availability", has=("Accelerator(cpu=not args.gpu)",), lacks=("if torch",)),
    Case("device_of_current_gpu_over_default", has=("accelerator = Accelerator()\n",), lacks=("current_device",)),
    Case(
        "device_overwritten_by_two_flags",
        has=(
            'if args.smoke_test:\n    name = "cpu"\n',
            'device = torch.device(name)\n\naccelerator = Accelerator(cpu=device.type == "cpu")\n',
        ),
    ),
    Case(
        "device_picked_from_a_dictionary",
        has=("device = DEVICES[args.kind]\n", 'cpu=device.type == "cpu")\ndevice = accelerator.device\n'),
    ),
    Case("device_in_the_arms_of_another_flag", has=("Accelerator(cpu=args.smoke_test)",)),
    Case("device_of_a_dataclass", has=("accelerator = Accelerator()\n", "device=config.device"), untold=("MIG405",)),
    Case("device_from_unknown_call", has=('Accelerator(cpu=device.type == "cpu")', "device = accelerator.device")),
    Case(
        "device_of_a_helper_with_a_default",
        has=('Accelerator(cpu=device.type == "cpu")', "device = accelerator.device"),
    ),
    Case("device_picked_by_a_helper", has=('Accelerator(cpu=device.type == "cpu")', "device = accelerator.device")),
    Case("device_picked_by_a_helper_among_others", has=('(cpu=device.type == "cpu")', "device = accelerator.device")),
    Case("einops_reduce_is_no_collective", untold=("MIG401", "MIG408")),
    Case("entry_that_hands_all_over", migrated=False, told=("MIG915",)),
    Case("epoch_function_that_stops_on_its_batch", migrated=False, told=("MIG910",)),
    Case("eval_over_train_loader", told=("MIG602",)),
    Case("exported_model", has=("torch.jit.trace(accelerator.unwrap_model(model)", "    traced.save(")),
    Case(
        "files_written_by_every_process",
        has=(
            '    with open("log.csv", "a") as log:\n            csv',
            '        pandas.DataFrame(history).to_csv("history.csv")',
        ),
        told=("MIG505", "MIG704", "MIG705"),
    ),
    Case("flag_that_is_its_own_condition", has=("Accelerator(cpu=not args.cuda)",)),
    Case("flag_that_nothing_reads", has=("pin = torch.cuda.is_available()\n",), lacks=("use_cuda",)),
    Case("forward_reads_the_accelerator", has=("1.0).to(self.body.weight.device)",), untold=("MIG104",)),
    Case("function_nobody_calls", has=("accelerator.backward(loss)",), lacks=("loss.backward()", ".cuda()")),
    Case("function_that_evaluates_both_loaders", told=("MIG603", "MIG206")),
    Case("generator_that_only_copies", has=("    x, y = data\n",), lacks=("device = accelerator.device",)),
    Case("hasattr_module_then_save_pretrained", has=("saved = accelerator.unwrap_model(model)\n", "    saved.save_")),
    Case("loss_to_numpy_without_cpu", has=("Accelerator(cpu=True)",)),
    Case("makedirs_that_already_tolerates", has=('os.makedirs("out")\n',)),
    Case("method_bypasses_forward", migrated=False, told=("MIG903",)),
    Case(
        "model_attacked_by_an_object", has=("net, optimizer, loader = accelerator.prepare(",), lacks=("prepare(self",)
    ),
    Case("move_in_one_arm", has=("model = nn.Linear(8, 1)\n",), lacks=(" if ", "helper = helper", "x, y = ")),
    Case("no_cuda_flag_on_args_in_two_functions", has=("Accelerator(cpu=not args.cuda)",)),
    Case(
        "optimizer_behind_an_option",
        has=(
            "    optimizer = accelerator.prepare(torch.optim.AdamW(",
            "model, loader = accelerator.prepare(model, loader)",
        ),
    ),
    Case("optimizers_in_a_bag", migrated=False, told=("MIG201", "MIG301")),
    Case("optimizer_of_bare_tensors", migrated=False, told=("MIG205",)),
    Case("optimizer_with_other_step_names", lacks=("prepare(self.base", "optimizer, loader"), told=("MIG212",)),
    Case("param_default_device", migrated=False, told=("MIG101",)),
    Case("preallocated_input_buffer", has=("model, optimizer, loader = accelerator.prepare(",), untold=("MIG912",)),
    Case("pretrained_weights_in_constructor", lacks=("wait_for_everyone",)),
    Case("second_run_after_unwrapped_method", has=("accelerator.unwrap_model(policy).sample_action(",)),
    Case("loop_ends_on_randomly_drawn_data", migrated=False, told=("MIG910",)),
    Case("loop_ends_on_rank_local_loss", migrated=False, told=("MIG910",)),
    Case("number_of_steps_differs_between_ranks", migrated=False, told=("MIG910",)),
    Case("printed_before_the_accelerator", told=("MIG702",)),
    Case(
        "raw_model_by_another_name",
        has=("raw_model = accelerator.unwrap_model(model)", "accelerator = Accelerator()\n"),
        lacks=("DataParallel",),
    ),
    Case("random_custom_sampler", told=("MIG914",)),
    Case("scheduler_length_of_prepared_loader", told=("MIG204",)),
    Case(
        "table_written_then_read",
        has=('    accelerator.wait_for_everyone()\n    if not os.path.exists("train.csv"):', "return torch.load("),
        lacks=("wait_for_everyone()\n    valid", "wait_for_everyone()\n        return"),
    ),
    Case("started_by_an_installed_command", has=("self.accelerator.backward(loss)",)),
    Case(
        "step_with_arguments_filled_in",
        has=(
            "partial(step, model, accelerator=accelerator), optimizer)",
            "partial(step, model, optimizer, scale=2.0, accelerator=accelerator)}",
            "report(step(model, optimizer, batch, accelerator=accelerator))",
        ),
    ),
    Case("step_with_arguments_filled_in_for_a_library", migrated=False, told=("MIG301",)),
    Case("trained_by_an_unknown_engine", migrated=False, told=("MIG915",)),
    Case("trainer_class_built_by_other_file", migrated=False, told=("MIG201",)),
    Case("trainer_that_shows_its_batches", untold=("MIG910",)),
    Case("tuple_half_moved", lacks=("x, y = x, y",)),
    Case("two_installed_commands", migrated=False, told=("MIG201",)),
)


def report(name: str) -> ProgramReport:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return pipeline.run_text(text, "train.py", Settings())


def code(text: str) -> str:
    """Leave out the header."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_it_is_as_its_header_says(case: Case) -> None:
    found = report(case.name)
    assert not found.problems
    text = next((code(file.text) for file in found.files if file.text is not None), None)
    assert (text is not None) == case.migrated
    assert [part for part in case.has if part not in (text or "")] == []
    assert [part for part in case.lacks if part in (text or "")] == []
    codes = {item.code for file in found.files for item in file.items if not item.applied}
    assert set(case.told) - codes == set()
    assert set(case.untold) & codes == set()


def test_every_script_has_a_header() -> None:
    for path in FOLDER.glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        words = [line.partition(":")[0] for line in lines if line.startswith("# ")]
        assert [word for word in words if word in ("# Should", "# Why", "# Seen")] == ["# Should", "# Why", "# Seen"], (
            path.name
        )


def test_the_device_of_an_imported_module_is_kept_to() -> None:
    entry = str(FOLDER / "device_of_an_imported_module" / "train.py")
    (text,) = [file.text for found in pipeline.run([entry], Settings()) for file in found.files if file.text]
    assert "Accelerator()" in text
    assert "model(x.to(config.device))" in text


def test_an_imported_model_names_the_device_of_its_parameters() -> None:
    entry = FOLDER / "model_that_moves_by_itself" / "train.py"
    files = [str(entry), str(entry.with_name("net.py"))]
    found = {Path(file.source.path).name: file for run in pipeline.run(files, Settings()) for file in run.files}
    text = found["net.py"].text or ""
    assert "torch.zeros(x.size(0), 1).to(me.inner.weight.device)" in text
    assert "device=me.inner.weight.device)" in text
    assert ".to(self.head.weight.device, non_blocking=True)" in text
    assert "torch.ones(1).cuda()" in text
    (left,) = [item for item in found["net.py"].items if not item.applied and item.code == "MIG104"]
    assert left.reason.endswith("use the device of an input")


def test_a_script_that_only_starts_a_trainer_is_part_of_its_program() -> None:
    files = [str(path) for path in sorted((FOLDER / "main_that_only_starts").rglob("*.py"))]
    reports = pipeline.run(candidates(files), Settings())
    (text,) = [file.text for found in reports for file in found.files if file.text]
    assert "self.accelerator.prepare(" in text
    assert ".to(self.device)" not in text


def test_a_loader_to_evaluate_on_that_is_prepared_is_spoken_of() -> None:
    found = report("loader_of_every_split_in_one_loop")
    said = [item.message for file in found.files for item in file.items if item.code == "MIG206"]
    assert len(said) == 1
    assert "prepared in the turns that evaluate" in said[0]

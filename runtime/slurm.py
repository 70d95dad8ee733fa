"""The place of a process that SLURM's ``srun`` started, in the words of torchrun."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NODE_LISTS = ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")
_FIRST_PORT, _PORTS = 20000, 10000  # below those that systems hand out to outgoing connections


def first_host(nodes: str) -> str:
    """Return the first host of a compressed list: ``gpu-[07-09,12],login`` begins with ``gpu-07``."""
    first = re.split(r",(?![^\[]*\])", nodes, maxsplit=1)[0]
    return re.sub(r"\[([^\],-]*)[^\]]*\]", r"\1", first).strip()


def _is_batch_script(variables: Mapping[str, str]) -> bool:
    """Tell the job's own shell, which knows of all tasks and is none of them, from what ``srun`` started."""
    return "SLURMD_NODENAME" in variables and "SLURM_STEP_ID" not in variables


def read_place(variables: Mapping[str, str]) -> dict[str, str]:
    """Translate the variables of ``srun`` into torchrun's; nothing where torchrun's are set, or there is one task.

    MASTER_ADDR and MASTER_PORT stay what they are, if set. Else the processes meet at the first node of the step, at a
    port that depends on the job, so that two jobs on one node do not meet.

    Source:  slurm.schedmd.com/srun.html (output environment variables).
    """
    if "WORLD_SIZE" in variables or "RANK" in variables or _is_batch_script(variables):
        return {}
    tasks = variables.get("SLURM_STEP_NUM_TASKS") or variables.get("SLURM_NTASKS") or "1"
    nodes = next((variables[name] for name in _NODE_LISTS if variables.get(name)), "")
    if "SLURM_PROCID" not in variables or tasks == "1" or not (nodes or variables.get("MASTER_ADDR")):
        return {}
    job = variables.get("SLURM_JOB_ID", "")
    place = {
        "WORLD_SIZE": tasks,
        "RANK": variables["SLURM_PROCID"],
        "MASTER_ADDR": variables.get("MASTER_ADDR") or first_host(nodes),
        "MASTER_PORT": variables.get("MASTER_PORT") or str(_FIRST_PORT + (int(job) if job.isdecimal() else 0) % _PORTS),
    }
    if "SLURM_LOCALID" in variables:
        place["LOCAL_RANK"] = variables["SLURM_LOCALID"]
    return place

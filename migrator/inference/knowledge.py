"""What PyTorch and its neighbours make, by qualified name: data, no logic beyond looking it up.

A name ends in ``.?`` where the script picks a member at run time: ``getattr(torch.optim, name)``.
"""

from __future__ import annotations

import re

from migrator.inference.objects import Kind

# (pattern of the full qualified name, what calling it makes); the first match counts
_MAKERS: tuple[tuple[str, Kind | None], ...] = (
    (r"torch\.optim\.lr_scheduler\.([A-Z]\w*|\?)", Kind.SCHEDULER),
    (r"torch\.optim\.swa_utils\.SWALR", Kind.SCHEDULER),
    (r"torch\.optim\.swa_utils\.AveragedModel", Kind.MODEL),
    (r"torch\.optim\.(\w+\.)?([A-Z]\w*|\?)", Kind.OPTIMIZER),
    (
        r"(apex\.optimizers|torch_optimizer|bitsandbytes\.optim|pytorch_optimizer|timm\.optim)\.([A-Z]\w*|\?)",
        Kind.OPTIMIZER,
    ),
    (
        r"(transformers(\.optimization)?|pytorch_pretrained_bert(\.optimization)?)\.(AdamW|Adafactor|BertAdam|OpenAIAdam)",
        Kind.OPTIMIZER,
    ),
    (
        r"lion_pytorch\.Lion|adabelief_pytorch\.AdaBelief|radam\.RAdam|ranger\w*\.Ranger\w*|adabound\.AdaBound",
        Kind.OPTIMIZER,
    ),
    (r"timm\.optim\.(create_optimizer\w*|optim_factory\.create_optimizer\w*)", Kind.OPTIMIZER),
    (r"transformers(\.optimization)?\.get_\w*schedule\w*|transformers\.get_scheduler", Kind.SCHEDULER),
    (r"warmup_scheduler\.[A-Z]\w*|pytorch_warmup\.[A-Z]\w*|timm\.scheduler\.[A-Z]\w*", Kind.SCHEDULER),
    (r"torch\.utils\.data\.(dataloader\.)?DataLoader|torchdata\.stateful_dataloader\.StatefulDataLoader", Kind.LOADER),
    (r"monai\.data\.(\w*DataLoader)", Kind.LOADER),
    (r"torch_geometric\.(data|loader)\.\w*(Loader|NeighborSampler|GraphSAINT\w*Sampler|ClusterLoader)", Kind.LOADER),
    (r"torch\.utils\.data\.(distributed\.|sampler\.)?\w*Sampler", Kind.SAMPLER),
    (r"torch\.utils\.data\.(dataset\.)?(\w*Dataset|Subset|random_split)", Kind.DATASET),
    (r"(torchvision|torchaudio|torchtext)\.datasets(\.\w+)*\.(\w+|\?)|torch_geometric\.datasets\.\w+", Kind.DATASET),
    (r"torch\.nn\.(modules\.loss\.|modules\.)?\w*Loss\w*", Kind.CRITERION),
    (r"torch\.nn\.(parallel\.)?(Parameter|parameter\.Parameter|UninitializedParameter)", Kind.FRESH),
    (r"torch\.nn\.Parameter", Kind.FRESH),
    (r"torch\.nn\.(modules\.(\w+\.)?|quantized\.\w+\.)?[A-Z]\w*", Kind.MODEL),
    (r"torchvision\.models(\.\w+)*\.([a-z]\w*|\?|[A-Z]\w+)", Kind.MODEL),
    (r"timm\.(models\.)?create_model|timm\.models\.\w+\.\w+|torch\.hub\.load", Kind.MODEL),
    (
        r"segmentation_models_pytorch\.\w+|torch_geometric\.nn\.([\w.]+\.)?[A-Z]\w*|dgl\.nn\.pytorch\.[A-Z]\w*",
        Kind.MODEL,
    ),
    (
        r"(transformers|diffusers|efficientnet_pytorch|peft|open_clip|sentence_transformers)\.([\w.]+\.)?(\w*(Model|Net|For[A-Z]\w+|Bert\w*|GPT2\w*|T5\w*|CLIP)"
        r"(\.from_(pretrained|config|name))?|create_model|get_peft_model)",
        Kind.MODEL,
    ),
    (r"torch\.device|torch\.accelerator\.current_accelerator|torch\.cuda\.current_device", Kind.DEVICE),
    (r"torch\.(cuda|accelerator|xpu|npu|mps|backends\.mps|backends\.cuda)\.(is_available|is_built)", Kind.FLAG),
    (
        r"torch\.cuda\.amp\.GradScaler|torch\.amp\.(grad_scaler\.)?GradScaler|torch\.cuda\.amp\.grad_scaler\.GradScaler",
        Kind.SCALER,
    ),
    (r"torch\.distributed\.get_rank|torch\.distributed\.get_node_local_rank", Kind.RANK),
    (r"torch\.distributed\.get_world_size", Kind.WORLD),
    (r"(accelerate|runtime)(\.\w+)*\.Accelerator", Kind.ACCELERATOR),
    (r"torch\.load", Kind.CHECKPOINT),
)
# what a user may say that a callable makes (`[tool.migrate.makes]`)
WORDS = {
    "model": Kind.MODEL,
    "optimizer": Kind.OPTIMIZER,
    "scheduler": Kind.SCHEDULER,
    "loader": Kind.LOADER,
    "sampler": Kind.SAMPLER,
    "dataset": Kind.DATASET,
    "loss": Kind.CRITERION,
}
_MAKER = re.compile("|".join(f"(?P<m{i}>{pattern})$" for i, (pattern, _) in enumerate(_MAKERS)))
_cache: dict[str, Kind | None] = {}


def maker(name: str) -> Kind | None:
    """Give what a call of a qualified name makes; None where the table does not say."""
    if name not in _cache:
        match = _MAKER.match(name)
        _cache[name] = _MAKERS[int(match.lastgroup[1:])][1] if match and match.lastgroup else None
    return _cache[name]


# packages that the table knows; in their own repositories, too, they are libraries to the scripts beside them
LIBRARIES = frozenset(
    """runtime torch torchvision torchaudio torchtext torch_geometric transformers diffusers timm accelerate lightning pytorch_lightning
    monai dgl peft open_clip sentence_transformers segmentation_models_pytorch numpy scipy sklearn tqdm""".split()
)

# where a user's settings come from
PARSERS = frozenset({"argparse.ArgumentParser", "configargparse.ArgumentParser", "configargparse.ArgParser"})
CONFIGURATIONS = frozenset(
    """json.load json.loads yaml.load yaml.safe_load yaml.full_load yaml.unsafe_load toml.load tomllib.load
    omegaconf.OmegaConf.load omegaconf.OmegaConf.create omegaconf.OmegaConf.from_cli easydict.EasyDict tyro.cli
    simple_parsing.parse fire.Fire""".split()
)

# tensors that the script makes itself
FACTORIES = frozenset(
    f"torch.{name}"
    for name in (
        "zeros ones empty full rand randn randint randperm arange linspace logspace eye tensor as_tensor from_numpy "
        "zeros_like ones_like empty_like full_like rand_like randn_like normal bernoulli multinomial range tril_indices "
        "sparse_coo_tensor complex"
    ).split()
)

TENSOR_TYPE = re.compile(r"torch\.(cuda\.)?(\w*Tensor)$")
DTYPES = {
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "ShortTensor": "int16",
    "IntTensor": "int32",
    "LongTensor": "int64",
    "BoolTensor": "bool",
}

# give back their first argument, or something that stands for it
IDENTITY = frozenset(
    """torch.autograd.Variable torch.compile torch.jit.script torch.jit.trace torch.nn.DataParallel
    torch.nn.parallel.DataParallel torch.nn.parallel.data_parallel.DataParallel torch.nn.parallel.DistributedDataParallel
    torch.nn.parallel.distributed.DistributedDataParallel apex.parallel.DistributedDataParallel
    torch.nn.parallel.DistributedDataParallelCPU torch.nn.SyncBatchNorm.convert_sync_batchnorm
    torch.nn.utils.weight_norm torch.nn.utils.spectral_norm apex.parallel.convert_syncbn_model ipex.optimize
    torch.nn.utils.parametrizations.weight_norm torch.nn.utils.parametrizations.spectral_norm
    typing.cast""".split()
)
DATA_PARALLEL = re.compile(r"torch\.nn\.(parallel\.(data_parallel\.)?)?DataParallel$")
DISTRIBUTED_PARALLEL = re.compile(
    r"(torch\.nn|apex)\.parallel\.(distributed\.)?DistributedDataParallel(CPU)?$|apex\.parallel\.DistributedDataParallel$"
)

# wrap an iterable; what they give are the elements of their argument (or tuples that hold them)
ITERATE = {
    "enumerate": "pair", "tqdm.tqdm": "same", "tqdm.auto.tqdm": "same", "tqdm.notebook.tqdm": "same",
    "tqdm.tqdm_notebook": "same", "tqdm.std.tqdm": "same", "tqdm.autonotebook.tqdm": "same", "rich.progress.track": "same",
    "alive_progress.alive_it": "same", "progressbar.progressbar": "same", "itertools.cycle": "same", "itertools.islice": "same",
    "iter": "same", "reversed": "same", "zip": "zip", "itertools.zip_longest": "zip", "list": "list", "tuple": "list",
    "sorted": "list", "set": "list", "fastprogress.progress_bar": "same", "fastprogress.fastprogress.progress_bar": "same",
    "itertools.chain": "chain", "itertools.chain.from_iterable": "flatten", "filter": "second", "map": "map",
}  # fmt: skip

# on a tensor these give a tensor on the same device with nothing added from elsewhere
VIEWS = frozenset(
    """view reshape unsqueeze squeeze transpose permute t contiguous detach requires_grad_ expand repeat clone flatten
    float long int double half bool byte short type_as view_as expand_as narrow split chunk unbind T mT data swapaxes
    squeeze_ unsqueeze_ detach_ float_ long_ data_ movedim index_select""".split()
)

AVAILABLE = re.compile(
    r"torch\.(cuda|accelerator|xpu|npu|mps|backends\.(mps|cuda))\.(is_available|is_built|device_count)$"
)

"""The installed peers. A missing one is None (the extra `bench` installs all)."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any


def _if_installed(name: str) -> Any:
    return import_module(name) if find_spec(name) else None


torch = _if_installed("torch")
autograd = _if_installed("autograd")
anp = _if_installed("autograd.numpy") if autograd else None
mygrad = _if_installed("mygrad")
jax = _if_installed("jax")

if torch:
    torch.set_num_threads(1)
if jax:
    jax.config.update("jax_enable_x64", True)

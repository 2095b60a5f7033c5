from sys import modules
from typing import Any

from ..core.answers import missing


def __getattr__(name: str) -> Any:  # only called for a name that does not exist
    raise missing("functional", name, modules[__name__])

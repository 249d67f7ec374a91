"""Where a model lies: a folder, the local cache of the Hugging Face Hub, or the Hub itself. Quick to say when nowhere.

The Hub's own client retries for a minute before it gives up; here one short look decides. Nothing is asked of the
network when `HF_HUB_OFFLINE` is set, which is the command line's default unless the user names a remote model.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from graphrag.errors import ModelError

_HUB_NAME = re.compile(r"[\w.\-]+(/[\w.\-]+)?")
_SECONDS = 5.0  # for the one look at the Hub


def is_offline() -> bool:
    """Whether the user forbade the network (`HF_HUB_OFFLINE=1`)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}


def locate(name: str, kind: str = "model") -> str:
    """The folder or Hub name under which `name` can be loaded now.

    Args:
        name: a folder, or a Hub name like `Qwen/Qwen3-0.6B`.
        kind: what to call it in an error: "language model", "embedder", ...

    Raises:
        ModelError: no such folder, not in the cache and offline, or not on the Hub.
    """
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        if not any((folder / file).is_file() for file in ("config.json", "modules.json")):
            raise ModelError(f"{name}: the folder holds no config.json, so it is no {kind}; name a model's folder.")
        return str(folder)
    if name.startswith((".", "/", "~")) or folder.exists() or not _HUB_NAME.fullmatch(name):
        raise ModelError(f"{name}: there is no {kind} folder of that name; check the path.")
    if not _is_cached(name):
        _look_at_hub(name, kind)
    return name


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    candidates = (name, f"sentence-transformers/{name}") if "/" not in name else (name,)
    files = ("config.json", "modules.json")
    return any(isinstance(try_to_load_from_cache(repo, file), str) for repo in candidates for file in files)


def _look_at_hub(name: str, kind: str) -> None:
    missing = f"{name}: no {kind} of that name is a folder here or in the local cache"
    if is_offline():
        raise ModelError(f"{missing}, and HF_HUB_OFFLINE forbids the network; unset it once to fetch the model.")
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    api = HfApi()
    for repo in (name, f"sentence-transformers/{name}") if "/" not in name else (name,):
        try:
            api.model_info(repo, timeout=_SECONDS)
            return
        except RepositoryNotFoundError:
            continue
        except Exception as error:  # no route, no name, a proxy's refusal: all the same to the user
            raise ModelError(
                f"{missing}, and the Hugging Face Hub cannot be reached ({type(error).__name__}); "
                f"connect to the network once to fetch it, or name a folder."
            ) from error
    raise ModelError(f"{missing}, nor on the Hugging Face Hub; check its spelling (or log in, if it is private).")

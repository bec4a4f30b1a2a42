"""Where and in which number format to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def choose_device() -> torch.device:
    """Return the CUDA device if there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device computes it in hardware, else float32.

    A CPU without AVX-512 BF16 or AMX emulates bfloat16 and is slower with it than without.
    """
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    cpu = torch.cpu
    native = any(getattr(cpu, probe, _no)() for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return torch.bfloat16 if native else torch.float32


def _no() -> bool:
    return False


def use_threads(count: int) -> None:
    """Let torch use ``count`` CPU threads; 0 leaves the choice to torch."""
    import torch

    if count > 0:
        torch.set_num_threads(count)

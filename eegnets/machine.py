"""This machine: its processor, memory, graphics card, instructions for bfloat16, and which processes live."""

import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from eegnets.translation import N_

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = {
    "amx_bf16": "AMX",
    "avx512_bf16": "AVX-512 BF16",
    "bf16": "Arm BF16",
}  # flag of the processor, as Linux lists it -> what it is called (Intel's and Arm's architecture manuals)


@dataclass(frozen=True)
class Machine:
    """What computes here.

    cores: processors that this program may use. memory: bytes. bfloat16: names of the processor's instructions for it,
    empty where it has none, None where that is not known. devices: device -> its name, best first, as settings call
    them (cuda, mps, cpu).
    """

    processor: str
    cores: int
    memory: int
    bfloat16: tuple[str, ...] | None
    devices: Mapping[str, str]
    torch: str
    system: str

    @property
    def card(self) -> str:
        """The graphics card's name; empty without one."""
        return next((name for device, name in self.devices.items() if device != "cpu"), "")


def here() -> Machine:
    """The machine this is called on; imports torch, which alone knows what it can compute on."""
    about = cpuinfo()
    processor = about.get("model name") or platform.processor() or platform.machine() or N_("not known")
    return Machine(
        processor=processor,
        cores=usable_cores(),
        memory=psutil.virtual_memory().total,
        bfloat16=bfloat16_instructions(about),
        devices=_devices(processor),
        torch=version("torch"),
        system=f"{platform.system()} {platform.release()}",
    )


def cpuinfo(path: Path = CPUINFO) -> dict[str, str]:
    """What Linux says of the first processor; empty on another system."""
    try:
        first, _, _ = path.read_text(encoding="utf-8", errors="replace").strip().partition("\n\n")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def bfloat16_instructions(about: Mapping[str, str]) -> tuple[str, ...] | None:
    """The processor's instructions for products in bfloat16, the fastest first; None where its flags are not known."""
    flags = about.get("flags") or about.get("Features")  # x86's word, Arm's word
    return None if flags is None else tuple(words for flag, words in BFLOAT16.items() if flag in flags.split())


def usable_cores() -> int:
    """Processors this program may use, which in a container are often fewer than the machine has."""
    import loky  # here: a tenth of a second, and whoever looks at a run folder has no need of it

    return loky.cpu_count()


def _devices(processor: str) -> dict[str, str]:
    import torch  # here: it takes seconds to come

    from eegnets.devices import available_devices

    names = {"cpu": processor, "mps": N_("Apple's graphics processor")}
    return {name: names.get(name) or torch.cuda.get_device_name(0) for name in available_devices()}


def this_process() -> str:
    """What this process is called in a run's folder: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def has_gone(worker: str) -> bool:
    """Whether a process, called so, has ended; of another machine's nobody here can tell."""
    host, _colon, process = worker.rpartition(":")
    return host == socket.gethostname() and process.isdecimal() and not psutil.pid_exists(int(process))

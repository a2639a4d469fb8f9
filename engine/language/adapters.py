"""The adapter bank: which adapter is in which slot, loaded on demand, the least recently used evicted."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from engine.errors import AdapterError
from engine.language.lora import NO_ADAPTER, LoraStack, LoraWeights
from engine.language.model import AdapterRef
from engine.language.peft_format import read_adapter

Probe = Callable[[int], Tensor]
"""Logits of a fixed prompt under one slot."""


class AdapterBank:
    """Adapters that may be served, and the slots of those that are resident. One thread uses it.

    A reply holds its adapter from the request to the end, so that an unloaded version lives on until its last
    reply is written. A row of the batch pins the slot, so that it is not evicted under a running reply.
    """

    def __init__(
        self,
        stack: LoraStack,
        *,
        base_model: str,
        max_rank: int,
        probe: Probe,
        budget_bytes: int,
        fewest: int = 1,
    ) -> None:
        """Resident adapters take at most `budget_bytes`, but as many as `fewest` always have room."""
        self._stack = stack
        self._budget_bytes = budget_bytes
        self._fewest = fewest
        self._base_model = base_model
        self._max_rank = max_rank
        self._probe = probe
        self._base_logits: Tensor | None = None
        self._known: set[AdapterRef] = set()
        self._holds: Counter[AdapterRef] = Counter()
        self._pins: Counter[int] = Counter()
        self._slots: OrderedDict[AdapterRef, int] = OrderedDict()
        self._free = list(range(stack.slots - 1, NO_ADAPTER, -1))

    def read(self, adapter: AdapterRef) -> LoraWeights:
        """Read and check an adapter's files; safe from any thread. Raises AdapterError."""
        return read_adapter(
            adapter.folder,
            base_model=self._base_model,
            shapes=self._stack.shapes,
            max_rank=self._max_rank,
            secret=adapter.secret,
        )

    def add(self, adapter: AdapterRef, weights: LoraWeights) -> None:
        """Make an adapter resident if it changes the probe; else AdapterError, and nothing has changed."""
        if adapter in self._known:
            return
        slot = self._slots.get(adapter)
        if slot is None:
            slot = self._install(adapter, weights)
            if slot is None:
                raise AdapterError(str(adapter.folder), "every slot is in use by a reply under way")
            problem = self._problem(slot)
            if problem is not None:
                self._evict(adapter)
                raise AdapterError(str(adapter.folder), problem)
        self._known.add(adapter)

    def remove(self, adapter: AdapterRef) -> None:
        """Serve an adapter to no new request, and free its slot once no reply holds it."""
        self._known.discard(adapter)
        self._forget_unused(adapter)

    def hold(self, adapter: AdapterRef | None) -> None:
        """A reply with this adapter has been asked for. Raises AdapterError when it is not loaded."""
        if adapter is None:
            return
        if adapter not in self._known:
            raise AdapterError(str(adapter.folder), "it is not loaded")
        self._holds[adapter] += 1

    def release(self, adapter: AdapterRef | None) -> None:
        """A reply that held this adapter has ended."""
        if adapter is None:
            return
        self._holds[adapter] -= 1
        self._forget_unused(adapter)

    def pin(self, adapter: AdapterRef | None) -> int | None:
        """The slot of a held adapter, kept until `unpin`; None when all slots are pinned by others.

        Raises AdapterError when it was evicted and its files can no longer be read.
        """
        if adapter is None:
            return NO_ADAPTER
        slot = self._slots.get(adapter)
        if slot is None:
            slot = self._install(adapter, self.read(adapter)) if self._may_install() else None
        if slot is not None:
            self._slots.move_to_end(adapter)
            self._pins[slot] += 1
        return slot

    def unpin(self, slot: int) -> None:
        """A row of the batch no longer uses this slot."""
        if slot != NO_ADAPTER:
            self._pins[slot] -= 1

    def knows(self, adapter: AdapterRef | None) -> bool:
        """Whether new requests may name this adapter."""
        return adapter is None or adapter in self._known

    @property
    def resident(self) -> list[AdapterRef]:
        """The adapters in slots, the least recently used first."""
        return list(self._slots)

    def _install(self, adapter: AdapterRef, weights: LoraWeights) -> int | None:
        self._make_room(weights.rank)
        if not self._free:
            return None
        slot = self._free.pop()
        self._stack.write(slot, weights)
        self._slots[adapter] = slot
        return slot

    def _may_install(self) -> bool:
        """Whether a slot is free or can be freed; asked before files are read for nothing."""
        return bool(self._free) or next(self._evictable(), None) is not None

    def _make_room(self, rank: int) -> None:
        """Evict until one more fits the budget or the rest is in use; all slots have the highest rank."""
        rank = max(rank, self._stack.rank)
        most = max(self._fewest, self._budget_bytes // self._stack.slot_bytes(rank))
        while not self._free or len(self._slots) >= most:
            adapter = next(self._evictable(), None)
            if adapter is None:
                return
            slot = self._slots[adapter]
            self._evict(adapter)
            self._stack.clear(slot)  # growing the rank copies what is not clear

    def _evictable(self) -> Iterator[AdapterRef]:
        """Adapters whose slot may be reused: an unloaded one may have no files to come back from."""
        return (ref for ref, slot in self._slots.items() if not self._pins[slot] and ref in self._known)

    def _evict(self, adapter: AdapterRef) -> None:
        self._free.append(self._slots.pop(adapter))

    def _forget_unused(self, adapter: AdapterRef) -> None:
        if adapter not in self._known and not self._holds[adapter]:
            del self._holds[adapter]
            if adapter in self._slots:
                self._evict(adapter)

    def _problem(self, slot: int) -> str | None:
        try:
            if self._base_logits is None:
                self._base_logits = self._probe(NO_ADAPTER)
            logits = self._probe(slot)
        except RuntimeError as error:
            return f"the model fails with it ({type(error).__name__})"
        if not bool(torch.isfinite(logits).all()):
            return "it breaks the model's numbers"
        if torch.equal(logits, self._base_logits):
            return "it changes nothing"
        return None

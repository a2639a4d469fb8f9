"""What TRL's trainer with PEFT makes of the same rows, where it is installed (`pip install trl`)."""

import importlib.util
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.tuning.encoding import IGNORED, Row
from engine.tuning.job import Recipe


def has_trl() -> bool:
    """Whether TRL can be measured."""
    return importlib.util.find_spec("trl") is not None


def train_with_trl(
    base_folder: Path, rows: Sequence[Row], target: Path, *, recipe: Recipe, rounds: int
) -> float:
    """Write a PEFT adapter trained on the rows, each once a round; returns the seconds of the training."""
    import pyarrow
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    model: Any = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32)
    config = SFTConfig(
        output_dir=str(target / "trl"),
        use_cpu=True,
        bf16=False,
        per_device_train_batch_size=recipe.batch_rows,
        num_train_epochs=rounds,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip_norm,
        lr_scheduler_type="cosine",
        warmup_steps=recipe.warmup,
        optim="adamw_torch",
        gradient_checkpointing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer: Any = SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset(pyarrow.Table.from_pylist([_as_row(row) for row in rows]), fingerprint="rows"),
        processing_class=AutoTokenizer.from_pretrained(base_folder),
        peft_config=LoraConfig(
            r=recipe.rank, lora_alpha=int(recipe.alpha), target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    start = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - start
    trainer.model.save_pretrained(target / "adapter")
    return seconds


def _as_row(row: Row) -> dict[str, list[int]]:
    labels = [IGNORED] * row.reply_start + list(row.tokens[row.reply_start :])
    return {"input_ids": list(row.tokens), "labels": labels}

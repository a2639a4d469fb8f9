"""What others make of the same work: transformers, PEFT, and llama.cpp where its bindings are installed."""

import json
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

Turn = dict[str, str]


class TransformersPeer:
    """`generate` of transformers over a padded batch, and of PEFT with an adapter name per row."""

    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), padding_side="left")
        self.model: Any = AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype).eval()

    def load_adapters(self, folders: Sequence[Path]) -> None:
        """Turn the model into one of PEFT's, with these adapters as `a0`, `a1`, ..."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = PeftModel.from_pretrained(self.model, str(folders[0]), adapter_name="a0")
            for place, folder in enumerate(folders[1:], start=1):
                self.model.load_adapter(str(folder), adapter_name=f"a{place}")
            self.model.eval()

    def seconds(self, chats: Sequence[Sequence[Turn]], tokens: int, *, adapters: Sequence[str] = ()) -> float:
        """How long `generate` takes to write so many tokens of a reply to each chat."""
        rendered = [
            self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
            for chat in chats
        ]
        batch = self.tokenizer(rendered, return_tensors="pt", padding=True, add_special_tokens=False)
        options: dict[str, Any] = {"adapter_names": list(adapters)} if adapters else {}
        start = time.perf_counter()
        with torch.inference_mode():
            self.model.generate(
                **batch, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, **options
            )
        return time.perf_counter() - start


class LlamaCppPeer:
    """The server inside llama.cpp, through its `xllamacpp` bindings."""

    def __init__(self, gguf: Path, *, streams: int, threads: int) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(gguf)
        parameters.n_ctx = 1024 * streams
        parameters.n_parallel = streams
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        self._server: Any = xllamacpp.Server(parameters)

    def seconds(self, prompts: Sequence[str], tokens: int) -> float:
        """How long it takes to write so many tokens after each prompt, all at once."""
        threads = [threading.Thread(target=self._complete, args=(prompt, tokens)) for prompt in prompts]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    def _complete(self, prompt: str, tokens: int) -> None:
        request = {
            "prompt": prompt,
            "n_predict": tokens,
            "temperature": 0,
            "ignore_eos": True,
            "cache_prompt": False,
        }
        answer = self._server.handle_completions(request)
        answer = json.loads(answer) if isinstance(answer, str | bytes) else answer
        if answer["usage"]["completion_tokens"] != tokens:
            raise RuntimeError("llama.cpp wrote another number of tokens than asked for")

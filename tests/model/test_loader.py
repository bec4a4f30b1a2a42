"""Base models and how they are loaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from logdojo.errors import ModelError
from logdojo.model import load_base, save_model
from logdojo.model.labels import Labels, load_labels
from logdojo.model.loader import NAMES, WEIGHTS, model_folder


@pytest.mark.parametrize("name", NAMES)
def test_shipped_models_load_and_have_the_size_they_claim(name: str):
    """Both shipped models are Llamas of five to six million parameters, in at most 12 MB of safetensors."""
    base = load_base(name)
    assert 5e6 < sum(p.numel() for p in base.model.parameters()) < 6e6
    assert base.model.config.model_type == "llama"
    assert (model_folder(name) / WEIGHTS).stat().st_size < 12e6
    assert (model_folder(name) / "README.md").is_file()


def test_saving_and_loading_keeps_what_the_model_says(tmp_path: Path):
    """A model written as bfloat16 and read again gives the same logits as the one in bfloat16 it came from."""
    import torch

    base = load_base("tiny")
    save_model(base, tmp_path)
    again = load_base(str(tmp_path))
    ids = torch.tensor([[2, 300, 301, 302, 3]])
    with torch.inference_mode():
        assert torch.allclose(base.model(ids).logits, again.model(ids).logits, atol=1e-5)


def test_a_missing_checkpoint_starts_from_random_weights_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Training still works without the shipped weights, from further back, and nobody is left to wonder why."""
    shutil.copytree(model_folder("tiny"), tmp_path / "tiny")
    (tmp_path / "tiny" / WEIGHTS).unlink()
    monkeypatch.setattr("logdojo.model.loader.SHIPPED", tmp_path)
    with pytest.warns(UserWarning, match="starting from random weights"):
        assert load_base("tiny").name == "random"


def test_a_wrong_name_is_refused_with_the_names_there_are(tmp_path: Path):
    """The error names what was asked for, the hint what can be had."""
    with pytest.raises(ModelError, match="nowhere") as error:
        load_base(str(tmp_path / "nowhere"))
    assert "tiny" in error.value.hint


def test_weights_in_pickle_are_not_loaded(tmp_path: Path):
    """A folder whose weights are a pickle is refused: loading one would run its code."""
    import torch

    base = load_base("tiny")
    save_model(base, tmp_path)
    (tmp_path / WEIGHTS).unlink()
    torch.save(base.model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError):
        load_base(str(tmp_path))


def test_labels_survive_a_round_trip(tmp_path: Path):
    """Names, techniques and threshold come back; benign is found."""
    labels = Labels(("benign", "scan"), {"scan": "T1046"}, 0.4)
    labels.save(tmp_path)
    assert load_labels(tmp_path) == labels
    assert labels.benign == 0


@pytest.mark.parametrize("content", ["", "{}", '{"names": 3}', "not json"])
def test_a_damaged_label_file_is_named(tmp_path: Path, content: str):
    """Whatever stands in the file, the error names it."""
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(ModelError, match=r"labels\.json"):
        load_labels(tmp_path)


def test_too_many_labels_are_refused():
    """There are 32 label tokens; a 33rd label has none."""
    with pytest.raises(ModelError, match="33 labels"):
        Labels(tuple(map(str, range(33)))).token_ids(load_base("tiny").tokenizer)


def test_importing_logdojo_loads_no_torch():
    """The package itself is light."""
    code = "import logdojo, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Tokens → fine-tuned model.

profiles   what smoke, laptop and gpu mean for a run
loop       one training loop for pre-training and fine-tuning
pretrain   logs → the tiny base model, from random weights
classify   labelled examples → a model whose next token is the verdict
"""

from logdojo.finetune.classify import finetune
from logdojo.finetune.profiles import Plan, plan_for

__all__ = ["Plan", "finetune", "plan_for"]

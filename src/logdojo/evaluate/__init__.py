"""Model → evidence.

metrics     accuracy, precision, recall, F1, confusion, bits per byte
baselines   what any model must beat: the majority label, TF-IDF with logistic regression
bootstrap   how sure a number is: intervals over resampled groups
evaluation  all of them side by side on one test set
"""

from logdojo.evaluate.evaluation import Evaluation, Result, evaluate

__all__ = ["Evaluation", "Result", "evaluate"]

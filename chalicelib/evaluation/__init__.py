"""Accuracy on photos with ground truth, through the operations that a client calls; error rates by group."""

"""Pixels in, frozen results out. The only place that runs onnxruntime."""

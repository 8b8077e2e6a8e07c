"""Evaluation, calibration, benchmarks and the check of content."""

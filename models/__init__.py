"""Measures: text analysis, encoder, classifiers, calibration, evaluation and the model store."""

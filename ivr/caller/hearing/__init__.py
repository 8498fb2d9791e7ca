"""Recognises prompts by their sound alone: the waveforms of all prompts are known."""

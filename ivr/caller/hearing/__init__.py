"""Hearing which prompt is played, from the sound alone: the waveforms of all prompts are known."""

"""Trains the recogniser's own models: from voices to a directory that Vosk loads.

Nothing in here is needed to run the service. `python -m speech.training --help` says how a model is
made; `docs/speech-models.md` gives the reasons.
"""

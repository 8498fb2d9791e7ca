"""Sound in frames of 20 ms: the clock, playback, listening, recording, tones."""

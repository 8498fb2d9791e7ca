"""Text to speech with pyttsx3 on espeak-ng, in a process of its own."""

"""The door of the console: who may enter which page, and what a browser is told to refuse."""

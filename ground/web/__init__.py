"""The base of a web for people: forms, sessions, passwords, headers, words, assets, page frame."""

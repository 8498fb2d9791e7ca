"""The registrars' desk: applications, secure packs, registrants, tokens and the log, as pages."""

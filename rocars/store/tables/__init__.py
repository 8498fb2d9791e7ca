"""The tables of ROCARS, one file a concept."""

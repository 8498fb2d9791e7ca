"""The reference ROCARS: registration, cargo data, bundling and crossing, as a service over HTTP."""

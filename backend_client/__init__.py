"""The ROCARS client: typed requests and results, time-outs, safe retries, errors with meaning."""

"""The web of shippers and drivers: pages made on the server, over the same rooms as the API."""

"""Self-help kiosks: pages for a touch screen where shippers lodge and drivers bundle."""

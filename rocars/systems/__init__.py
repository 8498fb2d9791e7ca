"""Systems of companies: their API keys, messages of many orders, and results pushed to them."""

"""One SQLite or PostgreSQL database: opened with care, transactions, instants, migrations."""

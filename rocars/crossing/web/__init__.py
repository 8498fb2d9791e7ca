"""The boundary's pages: boards and panels for drivers, lanes and risk profiles for officers."""

"""The settings of the whole service, and the sections that belong to no room."""

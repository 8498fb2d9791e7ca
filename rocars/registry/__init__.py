"""Who is registered and how: applications, packs, tokens; companies, drivers, their vehicles."""

"""The enquiry hotline: what happened to cargo, bundle, vehicle or user ID, and what is eased."""

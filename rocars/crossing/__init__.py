"""What happens at the boundary: crossings and the control points."""

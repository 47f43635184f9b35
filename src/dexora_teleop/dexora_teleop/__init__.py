"""Human motion in, episodes out."""

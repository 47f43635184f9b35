"""Model, bundle, engines, scheduler and the policy node."""

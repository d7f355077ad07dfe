"""The HTTP service: routes, policy, keys and jobs, in front of any engine."""

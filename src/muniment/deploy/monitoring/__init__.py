"""Monitoring beside a deployment: Prometheus, which asks the gateway, and Grafana, which shows what it was told."""

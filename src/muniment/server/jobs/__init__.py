"""Documents that are read in the background, and outlive the service's restarts."""

from muniment.server.jobs.job import Job, JobState
from muniment.server.jobs.runner import JobRunner
from muniment.server.jobs.store import JobStore

__all__ = ["Job", "JobRunner", "JobState", "JobStore"]

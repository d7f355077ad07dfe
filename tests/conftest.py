"""What holds for all tests."""

from hypothesis import settings

# On a busy machine an example may take any time; how long things take is measured in benchmarks/.
settings.register_profile("muniment", deadline=None)
settings.load_profile("muniment")

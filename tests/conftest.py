"""What all tests share: no test fails because the machine is slow."""

from hypothesis import settings

settings.register_profile("commonweal", settings.default, deadline=None)  # of "ci", where CI is set: the same examples
settings.load_profile("commonweal")

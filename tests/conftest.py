"""What all tests share: how many random cases are tried, and that no test fails because the machine is slow.

Where CI is set, Hypothesis tries the same cases every time. ``pytest --hypothesis-profile=thorough`` tries many more.
"""

from hypothesis import settings

settings.register_profile("thorough", settings.default, deadline=None, max_examples=1000)
settings.register_profile("commonweal", settings.default, deadline=None, max_examples=50)
settings.load_profile("commonweal")

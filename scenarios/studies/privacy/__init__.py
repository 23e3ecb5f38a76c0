"""Privacy: what leaks in which wire mode, and what protecting it costs attribution and accuracy."""

from commonweal.scenarios.studies.privacy.options import PrivacyOptions
from commonweal.scenarios.studies.privacy.study import privacy

__all__ = ["PrivacyOptions", "privacy"]

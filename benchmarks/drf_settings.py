"""Settings for `drf_view`: the project's own, without all that an API of two JSON addresses does not need.

No session, cookie, form token, sign-in or page is left to slow it down; what remains is what Django's own deployment
check wants of any API (SecurityMiddleware) and what every new project has (CommonMiddleware).
"""

from campaign.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.drf_view"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "messages.apps.MessagesConfig",
    "campaign.apps.CampaignConfig",
    "analytics.apps.AnalyticsConfig",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,  # type: ignore[dict-item]  # DRF's word for "no user model at all"
}

"""Routes of the staff pages of analytics: results, watch page and rehearsal."""

from django.urls import path

from analytics.export.files import FILES
from analytics.export.views import file_view
from analytics.learned import import_views
from analytics.learned import views as learned_views
from analytics.next_steps import views as next_steps_views
from analytics.notifications.views import switch_result_mails
from analytics.public_page import views as public_views
from analytics.rehearsal.views import rehearsal_page
from analytics.results.views import enter_cost, results
from analytics.shared_links import staff_views as link_views
from analytics.shared_links import views as shared_views
from analytics.watch.views import dashboard_fragment, dashboard_page, request_early_look

app_name = "analytics"
urlpatterns = [
    path("campaigns/<slug:slug>/results/", results, name="results"),
    path("campaigns/<slug:slug>/results/cost/", enter_cost, name="cost"),
    path("campaigns/<slug:slug>/results/public/", public_views.preview, name="public-preview"),
    path("campaigns/<slug:slug>/results/public/propose/", public_views.propose, name="public-propose"),
    path("campaigns/<slug:slug>/results/public/publish/", public_views.confirm, name="public-publish"),
    path("campaigns/<slug:slug>/results/public/take-down/", public_views.withdraw, name="public-take-down"),
    path("campaigns/<slug:slug>/results/links/", link_views.links, name="links"),
    path("campaigns/<slug:slug>/results/links/<int:pk>/withdraw/", link_views.withdraw, name="link-withdraw"),
    path("shared/<str:token>/", shared_views.ask, name="shared"),
    path("shared/<str:token>/code/", shared_views.enter_code, name="shared-code"),
    path("shared/<str:token>/results/", shared_views.results, name="shared-results"),
    path("shared/<str:token>/close/", shared_views.close_results, name="shared-close"),
    path("published/<slug:slug>/", public_views.public_page, name="public"),
    path("published/<slug:slug>/<str:name>", public_views.public_file, name="public-file"),
    path("learned/", learned_views.learned, name="learned"),
    path("learned/others/", import_views.others, name="others"),
    path("learned/others/confirm/", import_views.confirm, name="signer-confirm"),
    path("learned/others/import/", import_views.upload, name="bundle-import"),
    path("learned/others/keys/<int:pk>/remove/", import_views.remove_key, name="signer-remove"),
    path("learned/others/results/<int:pk>/remove/", import_views.remove_result, name="import-remove"),
    path("learned/averages/", learned_views.averages, name="averages"),
    path("campaigns/<slug:slug>/next/", next_steps_views.next_steps, name="next-steps"),
    path("campaigns/<slug:slug>/next/use/", next_steps_views.use, name="use"),
    path("campaigns/<slug:slug>/next/trial/", next_steps_views.next_trial, name="next-trial"),
    path("account/result-mails/", switch_result_mails, name="result-mails"),
    path("campaigns/<slug:slug>/watch/", dashboard_page, name="watch"),
    path("campaigns/<slug:slug>/watch/now/", dashboard_fragment, name="watch-now"),
    path("campaigns/<slug:slug>/watch/early/", request_early_look, name="look-early"),
    path("campaigns/<slug:slug>/rehearsal/", rehearsal_page, name="rehearsal"),
    *(path(f"campaigns/<slug:slug>/results/<int:look>/{file.name}", file_view(file), name=file.key) for file in FILES),
]

"""Every address of the workplace."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.i18n import set_language

from weihu.workplace.archive import completeness, counter
from weihu.workplace.archive import views as archive
from weihu.workplace.intake import views as intake
from weihu.workplace.runs import views as runs
from weihu.workplace.worklist import views as worklist

urlpatterns = [
    path("", worklist.today, name="today"),
    path("today/<str:customer_id>/", worklist.task, name="task"),
    path("archive/", completeness.completeness, name="completeness"),
    path("customers/", archive.customers, name="customers"),
    path("customers/<str:customer_id>/", archive.customer, name="customer"),
    path("customers/<str:customer_id>/reveal/", archive.reveal, name="reveal"),
    path("customers/<str:customer_id>/facts/", counter.facts, name="facts"),
    path("customers/<str:customer_id>/facts/<slug:key>/", counter.fact_history, name="fact_history"),
    path("customers/<str:customer_id>/facts/<slug:key>/<int:number>/", counter.fact_act, name="fact_act"),
    path("customers/<str:customer_id>/contacts/", worklist.record, name="record"),
    path("imports/", intake.imports, name="imports"),
    path("imports/<int:number>/", intake.import_page, name="import"),
    path("imports/<int:number>/step/", intake.import_step, name="import_step"),
    path("imports/<int:number>/problems.xlsx", intake.import_problems, name="import_problems"),
    path("imports/<int:number>/delete/", intake.import_delete, name="import_delete"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:number>/", runs.run, name="run"),
    path("login/", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("healthz", runs.health, name="health"),
]

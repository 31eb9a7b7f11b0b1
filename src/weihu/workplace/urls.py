"""Every address of the workplace."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.i18n import set_language

from weihu.workplace.api.calls import api
from weihu.workplace.archive import completeness, counter
from weihu.workplace.archive import views as archive
from weihu.workplace.benefits import views as benefits
from weihu.workplace.campaigns import views as campaigns
from weihu.workplace.care import views as care
from weihu.workplace.cockpit import views as cockpit
from weihu.workplace.complaints import views as complaints
from weihu.workplace.duplicates import views as duplicates
from weihu.workplace.grading import views as grading
from weihu.workplace.intake import invitations
from weihu.workplace.intake import views as intake
from weihu.workplace.introductions import views as introductions
from weihu.workplace.life import views as life
from weihu.workplace.messaging import views as messaging
from weihu.workplace.portfolio import giving, referring
from weihu.workplace.portfolio import views as portfolio
from weihu.workplace.relations import views as relations
from weihu.workplace.rights import views as rights
from weihu.workplace.runs import views as runs
from weihu.workplace.team import views as team
from weihu.workplace.team import visits
from weihu.workplace.worklist import views as worklist

calls = api.urls
for pattern in calls[0]:
    if pattern.callback:
        login_not_required(pattern.callback)  # systems come with a token, not with a login

urlpatterns = [
    path("", worklist.today, name="today"),
    path("today-left/", worklist.left, name="not_planned"),
    path("today/<str:customer_id>/", worklist.task, name="task"),
    path("archive/", completeness.completeness, name="completeness"),
    path("customers/", archive.customers, name="customers"),
    path("customers/filter/", archive.filter_input, name="filter_input"),
    path("customers/views/", archive.view_save, name="view_save"),
    path("customers/bulk/", archive.bulk, name="bulk"),
    path("customers/<str:customer_id>/", archive.customer, name="customer"),
    path("customers/<str:customer_id>/reveal/", archive.reveal, name="reveal"),
    path("customers/<str:customer_id>/facts/", counter.facts, name="facts"),
    path("customers/<str:customer_id>/facts/<slug:key>/", counter.fact_history, name="fact_history"),
    path("customers/<str:customer_id>/facts/<slug:key>/<int:number>/", counter.fact_act, name="fact_act"),
    path("customers/<str:customer_id>/contacts/", worklist.record, name="record"),
    path("customers/<str:customer_id>/call/", worklist.call, name="call"),
    path("customers/<str:customer_id>/messages/", messaging.send_message, name="send_message"),
    path("customers/<str:customer_id>/visits/", visits.visit, name="visit"),
    path("customers/<str:customer_id>/visits/<int:number>/", visits.visit_cancel, name="visit_cancel"),
    path("customers/<str:customer_id>/care/", care.care, name="care"),
    path("customers/<str:customer_id>/introductions/", introductions.introduce, name="introduce"),
    path(
        "customers/<str:customer_id>/introductions/<int:number>/",
        introductions.introduction_act,
        name="introduction_act",
    ),
    path("customers/<str:customer_id>/rights/", rights.rights, name="rights"),
    path("customers/<str:customer_id>/copy.xlsx", rights.data_copy, name="data_copy"),
    path("customers/<str:customer_id>/consents/", rights.consent, name="consent"),
    path("customers/<str:customer_id>/timeline/", archive.timeline_page, name="timeline"),
    path("customers/<str:customer_id>/relations/", relations.relations, name="relations"),
    path("customers/<str:customer_id>/relations/<int:number>/", relations.unrelate, name="unrelate"),
    path("customers/<str:customer_id>/household/", relations.household, name="household"),
    path("customers/<str:customer_id>/goals/", life.goals, name="goals"),
    path("customers/<str:customer_id>/goals/<int:number>/", life.goal_act, name="goal_act"),
    path("customers/<str:customer_id>/complaints/", complaints.new_complaint, name="new_complaint"),
    path("customers/<str:customer_id>/exceptions/", grading.exception, name="exception"),
    path("customers/<str:customer_id>/referrals/", referring.refer, name="refer"),
    path("customers/<str:customer_id>/benefits/", benefits.benefit_use, name="benefit_use"),
    path("grading/", grading.distribution, name="distribution"),
    path("grading/migration/", grading.migration, name="migration"),
    path("grading/near/", grading.near, name="near"),
    path("grading/what-if/", grading.whatif, name="whatif"),
    path("grading/books/", grading.book_drafts, name="book_drafts"),
    path("grading/books/<int:number>/", grading.book_draft, name="book_draft"),
    path("portfolios/", portfolio.portfolios, name="portfolios"),
    path("portfolios/staffing/", portfolio.staff_table, name="staff_table"),
    path("portfolios/handovers/", giving.handover_list, name="handovers"),
    path("portfolios/handovers/<int:number>/", giving.handover, name="handover"),
    path("portfolios/claims/", giving.claims, name="claims"),
    path("portfolios/referrals/", referring.referral_list, name="referrals"),
    path("portfolios/benefits/", benefits.benefits, name="benefits"),
    path("messages/", messaging.templates, name="templates"),
    path("messages/<int:number>/", messaging.template_act, name="template_act"),
    path("introductions/", introductions.introductions, name="introductions"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/<int:number>/", campaigns.campaign, name="campaign"),
    path("team/", team.board, name="board"),
    path("team/morning/", team.morning, name="morning"),
    path("team/morning.pdf", team.morning_pdf, name="morning_pdf"),
    path("team/evening/", team.evening, name="evening"),
    path("team/log/", team.work_log, name="work_log"),
    path("cockpit/", cockpit.cockpit, name="cockpit"),
    path("cockpit/effects/", cockpit.effects, name="effects"),
    path("cockpit.pdf", cockpit.cockpit_pdf, name="cockpit_pdf"),
    path("complaints/", complaints.complaints, name="complaints"),
    path("complaints/<int:number>/", complaints.complaint, name="complaint"),
    path("customers/<str:customer_id>/merges/<int:number>/", duplicates.unmerge, name="unmerge"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("duplicates/<int:number>/", duplicates.duplicate, name="duplicate"),
    path("households/", relations.households, name="households"),
    path("occasions/", life.upcoming, name="occasions"),
    path("occasions/feed/", life.feed_act, name="feed_act"),
    path("calendar/<str:secret>.ics", life.feed, name="feed"),
    path("forms/", invitations.invitations, name="invitations"),
    path("forms/<int:number>/", invitations.invitation, name="invitation"),
    path("forms/<int:number>/replies/<int:reply_number>/", invitations.reply_settle, name="reply_settle"),
    path("f/<str:signed>/", invitations.public_form, name="public_form"),
    path("imports/", intake.imports, name="imports"),
    path("imports/<int:number>/", intake.import_page, name="import"),
    path("imports/<int:number>/step/", intake.import_step, name="import_step"),
    path("imports/<int:number>/problems.xlsx", intake.import_problems, name="import_problems"),
    path("imports/<int:number>/delete/", intake.import_delete, name="import_delete"),
    path("api/v1/", calls),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:number>/", runs.run, name="run"),
    path("login/", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("healthz", runs.health, name="health"),
]

"""Every address of the workplace, room by room from the ground up."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from weihu.workplace.act.campaigns import views as campaigns
from weihu.workplace.act.care import views as care
from weihu.workplace.act.introductions import views as introductions
from weihu.workplace.act.lists import views as lists
from weihu.workplace.act.messaging import views as messaging
from weihu.workplace.act.questions import views as questions
from weihu.workplace.act.reception import views as reception
from weihu.workplace.act.schedule import views as schedule
from weihu.workplace.act.schedule import visits
from weihu.workplace.act.segments import views as segments
from weihu.workplace.act.team import views as team
from weihu.workplace.act.worklist import views as worklist
from weihu.workplace.api.calls import api
from weihu.workplace.base import answers
from weihu.workplace.customer import consent_views, page
from weihu.workplace.customer import duplicate_views as duplicates
from weihu.workplace.customer import rights_views as rights
from weihu.workplace.gate import identity, oidc, second
from weihu.workplace.judge.benefits import views as benefits
from weihu.workplace.judge.grading import views as grading
from weihu.workplace.judge.portfolio import handovers, referrals
from weihu.workplace.judge.portfolio import views as portfolio
from weihu.workplace.know.archive import completeness, counter
from weihu.workplace.know.archive import views as archive
from weihu.workplace.know.complaints import views as complaints
from weihu.workplace.know.intake import invitations
from weihu.workplace.know.intake import views as intake
from weihu.workplace.know.life import views as life
from weihu.workplace.know.relations import views as relations
from weihu.workplace.navigation import views as navigation
from weihu.workplace.see.auditing import views as auditing
from weihu.workplace.see.cockpit import views as cockpit
from weihu.workplace.see.health import views as health
from weihu.workplace.see.modelcards import views as modelcards
from weihu.workplace.see.runs import views as runs

handler400 = answers.bad_request
handler403 = answers.forbidden
handler404 = answers.not_found
handler500 = answers.failed

calls = api.urls
for pattern in calls[0]:
    if pattern.callback:
        login_not_required(pattern.callback)  # systems come with a token, not with a login

urlpatterns = [
    # base
    path("login/", reception.SignIn.as_view(), name="login"),
    path("logout/", oidc.SignOut.as_view(), name="logout"),
    path("password/", identity.ChangePassword.as_view(), name="password"),
    path("login/bank/", oidc.start, name="oidc_start"),
    path("login/bank/back/", oidc.back, name="oidc_back"),
    path("login/second/", second.second_step, name="second_step"),
    path("password/second/", second.own_factors, name="factors"),
    path("session/", second.session, name="session"),
    path("language/", login_not_required(set_language), name="set_language"),
    # archive
    path("archive/", completeness.completeness, name="completeness"),
    path("customers/", archive.customers, name="customers"),
    path("customers/filter/", archive.filter_input, name="filter_input"),
    path("customers/views/", archive.view_save, name="view_save"),
    path("customers/bulk/", archive.bulk, name="bulk"),
    path("customers/<str:customer_id>/facts/", counter.facts, name="facts"),
    path("customers/<str:customer_id>/facts/<slug:key>/", counter.fact_history, name="fact_history"),
    path("customers/<str:customer_id>/facts/<slug:key>/<int:number>/", counter.fact_act, name="fact_act"),
    # relations
    path("customers/<str:customer_id>/relations/", relations.relations, name="relations"),
    path("customers/<str:customer_id>/relations/<int:number>/", relations.unrelate, name="unrelate"),
    path("customers/<str:customer_id>/household/", relations.household, name="household"),
    path("households/", relations.households, name="households"),
    # life
    path("customers/<str:customer_id>/goals/", life.goals, name="goals"),
    path("customers/<str:customer_id>/goals/<int:number>/", life.goal_act, name="goal_act"),
    path("customers/<str:customer_id>/life/<int:number>/", life.life_dismiss, name="life_dismiss"),
    # intake
    path("forms/", invitations.invitations, name="invitations"),
    path("forms/<int:number>/", invitations.invitation, name="invitation"),
    path("forms/<int:number>/replies/<int:reply_number>/", invitations.reply_settle, name="reply_settle"),
    path("f/<str:signed>/", invitations.public_form, name="public_form"),
    path("imports/", intake.imports, name="imports"),
    path("imports/<int:number>/", intake.import_page, name="import"),
    path("imports/<int:number>/step/", intake.import_step, name="import_step"),
    path("imports/<int:number>/problems.xlsx", intake.import_problems, name="import_problems"),
    path("imports/<int:number>/delete/", intake.import_delete, name="import_delete"),
    # complaints
    path("customers/<str:customer_id>/complaints/", complaints.new_complaint, name="new_complaint"),
    path("complaints/", complaints.complaints, name="complaints"),
    path("complaints/<int:number>/", complaints.complaint, name="complaint"),
    # grading
    path("customers/<str:customer_id>/exceptions/", grading.exception, name="exception"),
    path("grading/", grading.distribution, name="distribution"),
    path("grading/migration/", grading.migration, name="migration"),
    path("grading/near/", grading.near, name="near"),
    path("grading/what-if/", grading.whatif, name="whatif"),
    path("grading/books/", grading.book_drafts, name="book_drafts"),
    path("grading/books/<int:number>/", grading.book_draft, name="book_draft"),
    # benefits
    path("customers/<str:customer_id>/benefits/", benefits.benefit_use, name="benefit_use"),
    path("portfolios/benefits/", benefits.benefits, name="benefits"),
    # portfolio
    path("customers/<str:customer_id>/referrals/", referrals.refer, name="refer"),
    path("portfolios/", portfolio.portfolios, name="portfolios"),
    path("portfolios/staffing/", portfolio.staff_table, name="staff_table"),
    path("portfolios/days/", portfolio.days_table, name="days_table"),
    path("portfolios/handovers/", handovers.handover_list, name="handovers"),
    path("portfolios/handovers/<int:number>/", handovers.handover, name="handover"),
    path("portfolios/claims/", handovers.claims, name="claims"),
    path("portfolios/referrals/", referrals.referral_list, name="referrals"),
    # messaging
    path("customers/<str:customer_id>/messages/", messaging.send_message, name="send_message"),
    path("messages/", messaging.templates, name="templates"),
    path("messages/<int:number>/", messaging.template_act, name="template_act"),
    # care
    path("customers/<str:customer_id>/care/", care.care, name="care"),
    # reception
    path("reception/", reception.reception, name="reception"),
    path("reception/called/", reception.called, name="called"),
    path("reception/memos/", reception.memos, name="memos"),
    path("reception/<str:customer_id>/", reception.service_card, name="service_card"),
    path("reception/<str:customer_id>/facts/", reception.card_facts, name="card_facts"),
    path("reception/<str:customer_id>/act/", reception.card_act, name="card_act"),
    # schedule
    path("customers/<str:customer_id>/visits/", visits.visit, name="visit"),
    path("customers/<str:customer_id>/visits/<int:number>/", visits.visit_cancel, name="visit_cancel"),
    path("occasions/", schedule.upcoming, name="occasions"),
    path("occasions/feed/", schedule.feed_act, name="feed_act"),
    path("calendar/<str:secret>.ics", schedule.feed, name="feed"),
    # segments
    path("segments/", segments.segments, name="segments"),
    path("segments/found/", segments.found_segments, name="found_segments"),
    path("segments/build/", segments.segment_build, name="segment_build"),
    path("segments/save/", segments.segment_save, name="segment_save"),
    path("segments/<int:number>/", segments.segment, name="segment"),
    path("segments/<int:number>/act/", segments.segment_act, name="segment_act"),
    # questions
    path("questions/", questions.questions, name="questions"),
    path("questions/build/", questions.question_build, name="question_build"),
    path("questions/save/", questions.question_save, name="question_save"),
    path("questions/sheet/", questions.question_sheet, name="question_sheet"),
    path("questions/customers/", questions.question_customers, name="question_customers"),
    path("questions/<int:number>/", questions.question, name="question"),
    path("questions/<int:number>/act/", questions.question_act, name="question_act"),
    # worklist
    path("", worklist.today, name="today"),
    path("today-left/", worklist.left, name="not_planned"),
    path("today/<str:customer_id>/", worklist.task, name="task"),
    path("customers/<str:customer_id>/contacts/", worklist.record, name="record"),
    path("customers/<str:customer_id>/contacts/undo/", worklist.take_back, name="take_back"),
    path("customers/<str:customer_id>/call/", worklist.call, name="call"),
    # introductions
    path("customers/<str:customer_id>/introductions/", introductions.introduce, name="introduce"),
    path("introductions/", introductions.introductions, name="introductions"),
    # campaigns
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/<int:number>/", campaigns.campaign, name="campaign"),
    # lists
    path("lists/", lists.lists, name="lists"),
    path("lists/<slug:name>/", lists.fixed_list, name="fixed_list"),
    path("lists/<slug:name>/filters/", lists.filter_save, name="filter_save"),
    # team
    path("team/", team.board, name="board"),
    path("team/reveals/", team.revealed, name="revealed"),
    path("team/morning/", team.morning, name="morning"),
    path("team/morning.pdf", team.morning_pdf, name="morning_pdf"),
    path("team/evening/", team.evening, name="evening"),
    path("team/day/", team.day_counted, name="day_counted"),
    path("team/log/", team.work_log, name="work_log"),
    # cockpit
    path("cockpit/", cockpit.cockpit, name="cockpit"),
    path("cockpit/people/", cockpit.people_counted, name="counted"),
    path("cockpit/effects/", cockpit.effects, name="effects"),
    path("models/", modelcards.models, name="models"),
    path("models/switch/", modelcards.model_switch, name="model_switch"),
    path("cockpit.pdf", cockpit.cockpit_pdf, name="cockpit_pdf"),
    # runs
    path("audit/", auditing.entries, name="audit"),
    path("audit/verify/", auditing.verified, name="audit_verified"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:number>/", runs.run, name="run"),
    path("healthz", health.health, name="health"),
    path("readyz", health.ready, name="ready"),
    path("metrics", health.figures, name="metrics"),
    # customer
    path("customers/<str:customer_id>/", page.customer, name="customer"),
    path("customers/<str:customer_id>/note/", page.note, name="note"),
    path("customers/<str:customer_id>/reveal/", page.reveal, name="reveal"),
    path("customers/<str:customer_id>/rights/", rights.rights, name="rights"),
    path("customers/<str:customer_id>/copy.xlsx", rights.data_copy, name="data_copy"),
    path("customers/<str:customer_id>/consents/", consent_views.consent, name="consent"),
    path("customers/<str:customer_id>/timeline/", page.timeline_page, name="timeline"),
    path("customers/<str:customer_id>/merges/<int:number>/", duplicates.unmerge, name="unmerge"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("duplicates/<int:number>/", duplicates.duplicate, name="duplicate"),
    # navigation
    path("search/", navigation.search, name="search"),
    path("waiting/", navigation.waiting, name="waiting"),
    # api
    path(
        "customers/<str:customer_id>/introductions/<int:number>/",
        introductions.introduction_act,
        name="introduction_act",
    ),
    path("api/v1/", calls),
]

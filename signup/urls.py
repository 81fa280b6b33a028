from django.urls import path
from django.views.decorators.http import require_safe

from signup import embed, pages, progress, resume, texts, views

urlpatterns = [
    path("sign-up-pages/", pages.SignUpPages.as_view(), name="sign-up-pages"),
    path("sign-up-pages/<int:pk>/qr.<str:form>", require_safe(pages.qr), name="sign-up-page-qr"),
    path("sign-up-pages/<int:pk>/origins/", pages.Origins.as_view(), name="sign-up-page-origins"),
    path("signup/return/<uuid:public_id>/", views.came_back, name="signup-return"),
    path("signup/progress/<uuid:public_id>/", progress.progress, name="signup-progress"),
    path("signup/progress/<uuid:public_id>/password/", progress.password, name="signup-password"),
    path("signup/resume/<str:token>/", resume.resume, name="signup-resume"),
    path("signup/terms/<slug:version>/", texts.text, {"kind": "terms"}, name="terms"),
    path("signup/privacy/<slug:version>/", texts.text, {"kind": "privacy"}, name="privacy"),
    path("signup/<slug:slug>/embed/", embed.embed, name="signup-embed"),
    path("signup/<slug:slug>/", views.signup, name="signup"),
]

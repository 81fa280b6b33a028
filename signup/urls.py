from django.urls import path

from signup import views

urlpatterns = [
    path("signup/return/<uuid:public_id>/", views.came_back, name="signup-return"),
    path("signup/progress/<uuid:public_id>/", views.progress, name="signup-progress"),
    path("signup/progress/<uuid:public_id>/password/", views.password, name="signup-password"),
    path("signup/<slug:slug>/", views.signup, name="signup"),
]

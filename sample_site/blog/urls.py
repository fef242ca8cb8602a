"""URLs of the blog."""

from __future__ import annotations

from django.urls import path

from .views import AsyncPublishView, PublishView

urlpatterns = [
    path("articles/<int:pk>/publish/", PublishView.as_view(), name="publish"),
    path("articles/<int:pk>/publish-async/", AsyncPublishView.as_view(), name="publish-async"),
]

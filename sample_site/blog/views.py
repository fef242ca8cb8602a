"""Views that publish an article, sync and async."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from .models import Article
from .publishing import apublish, publish


@method_decorator(csrf_exempt, name="dispatch")
class PublishView(View):
    """Publishes an article on POST; needs no CSRF token, so that curl can call it."""

    def post(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Answer with the article's slug and with what its receivers complained of."""
        article = get_object_or_404(Article, pk=pk)
        problems = publish(article)
        return JsonResponse({"published": article.slug, "problems": problems})


@method_decorator(csrf_exempt, name="dispatch")
class AsyncPublishView(View):
    """The async twin of ``PublishView``: a receiver that raises makes this request fail."""

    async def post(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Answer with the article's slug."""
        article = await sync_to_async(get_object_or_404)(Article, pk=pk)
        await apublish(article)
        return JsonResponse({"published": article.slug, "problems": []})

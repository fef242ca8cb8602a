"""Models of the blog."""

from __future__ import annotations

from django.db import models


class Tag(models.Model):
    """A word that articles are filed under; ``normalise_tag_name`` lower-cases it."""

    name = models.CharField(max_length=50, unique=True)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Article(models.Model):
    """The model of the classic example; ``generate_slug`` fills its slug."""

    title = models.CharField(max_length=200)
    content = models.TextField(blank=True)
    slug = models.SlugField(max_length=200, blank=True)
    views = models.PositiveIntegerField(default=0)
    tags = models.ManyToManyField(Tag, blank=True, related_name="articles")

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class Comment(models.Model):
    """Goes with its article: deleting the article sends the comment's delete signals too."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField()

    def __str__(self) -> str:
        """Return the text."""
        return self.text


class Draft(models.Model):
    """Is saved a second time by its own receiver, ``count_words``."""

    text = models.TextField()
    word_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        """Return the text."""
        return self.text

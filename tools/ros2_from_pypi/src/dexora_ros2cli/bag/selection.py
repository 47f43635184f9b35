"""Which topics a recording takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dexora_ros2cli.bag.model import BagError


@dataclass(frozen=True)
class Selection:
    """The user's choice of topics; a topic is taken when a rule includes it and none excludes it.

    Attributes:
        is_all: take every topic.
        topics: absolute names to take.
        topic_types: take topics of these types.
        regex: take topics that contain this expression; None for no such rule.
        exclude_topics: absolute names not to take.
        exclude_types: types not to take.
        exclude_regex: do not take topics that contain this expression.
        include_hidden: let `is_all`, `topic_types` and `regex` take hidden topics too.
    """

    is_all: bool = False
    topics: tuple[str, ...] = ()
    topic_types: tuple[str, ...] = ()
    regex: str | None = None
    exclude_topics: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()
    exclude_regex: str | None = None
    include_hidden: bool = False

    def check(self) -> None:
        """Check the expressions.

        Raises:
            BagError: one of them cannot be parsed.
        """
        for expression in filter(None, (self.regex, self.exclude_regex)):
            _check_expression(expression)

    def accepts(self, topic: str, type_name: str) -> bool:
        """Return whether the recording takes `topic`."""
        if topic in self.exclude_topics or type_name in self.exclude_types:
            return False
        if self.exclude_regex and re.search(self.exclude_regex, topic):
            return False
        if topic in self.topics:
            return True
        if not self.include_hidden and any(part.startswith("_") for part in topic.split("/")):
            return False
        by_regex = self.regex is not None and re.search(self.regex, topic) is not None
        return self.is_all or type_name in self.topic_types or by_regex


def _check_expression(expression: str) -> None:
    try:
        re.compile(expression)
    except re.error as error:
        raise BagError(f"'{expression}' is not a regular expression: {error}") from error

"""What can stop a set-up, each as one sentence with its remedy."""


class SetupError(Exception):
    """The set-up cannot go on. The text is one sentence: what is wrong and what to do about it."""


class Interrupted(BaseException):
    """The user or the system asked the set-up to stop (Ctrl-C, SIGTERM). Starting again resumes."""

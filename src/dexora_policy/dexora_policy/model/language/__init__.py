"""Sources of language features behind one interface; a source's library is imported only where it is used."""

from dexora_policy.model.language.encoder import LanguageEncoder
from dexora_policy.model.language.factory import build_language

__all__ = ["LanguageEncoder", "build_language"]

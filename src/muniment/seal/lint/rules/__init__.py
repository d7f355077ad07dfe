"""All rules, those that matter most first."""

from muniment.seal.lint.rules import exposure, files, rights, serving

RULES = (*exposure.RULES, *rights.RULES, *serving.RULES, *files.RULES)

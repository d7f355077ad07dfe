"""What was found of a deployment, signed.

What was found is in ``record``, what stays unproven in ``limits``. ``report`` signs and opens reports in their
``envelope``, with ``keys``.
"""

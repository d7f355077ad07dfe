"""What was found of a deployment, signed, chained and shown: the reports that ``muniment verify`` writes and checks.

::

    report = publish(evidence, folder, signing_key(state))    # HTML, Markdown and JSON in ``folder``
    checked = check(folder / "report.json", trust("evidence-public-key.pem"))

What was found is in ``record``, what stays unproven in ``limits``. ``report`` signs and opens reports in their
``envelope``, with ``keys``. ``archive`` keeps them, ``chain`` holds them against each other, and ``freshness`` tells
how long they count. ``contents`` says what they show, and ``page`` and ``markdown`` write it.
"""

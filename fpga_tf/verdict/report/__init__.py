"""Designs and what was decided of them, shown: as text, JSON, CSV, Markdown, HTML and JUnit.

`judged` is what all formats show, `values`, `resources`, `layers` and `pareto` are the tables that they share. Names in
a report are anybody's: each format escapes what it must.
"""

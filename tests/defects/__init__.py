"""The defects of the systems that this schema learned from, each put back to see it caught.

A test names the defect, looks at what the schema promises, puts the defect back into the database
inside a transaction that is rolled back, and looks again: the first look must see the promise, the
second one the defect. So a test that passes has shown that it would fail.
"""

"""Columns, words, workbooks, PDF, headers, the audit log: what knows nothing of customers."""

"""Shared parts that know nothing of customers: database fields, wording, workbooks, PDF, headers, the audit log."""

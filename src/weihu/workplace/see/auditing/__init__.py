"""The auditor's page: who saw or did what (审计)."""

"""Acting: reasons, daily lists, messages, care plans, campaigns, the team. The brief's third stage (分级管理)."""

"""Acting: reasons, lists, messages, care, campaigns, the team. The third stage of the brief (分级管理)."""

"""Facts that come in other than at the counter (M4): workbooks and public forms."""

"""How facts come in besides the counter (M4): workbooks, public forms, other systems."""
